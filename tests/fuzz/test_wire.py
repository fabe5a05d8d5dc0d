"""The wire on both sides: whatever bytes come, plain data or our own refusal comes out, at a bounded cost."""

from __future__ import annotations

import math
import socket
import struct
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import strategies as st

from selftaught.sandbox.child import NOTHING, Connection
from selftaught.worker import messages, wire

FRAME_BYTES = 4000
FIXED_COST_BYTES = 64 * 1024
"""What reading any body may cost beside the multiple of its bytes: errors, tracebacks, caches."""

MESSAGES = [
    *(messages.SolutionReply, messages.ImproverReply, messages.TaskReply, messages.ImproverAnswer),
    *(messages.TaskRequest, messages.SolutionStart, messages.TaskStart, messages.ImproverStart),
    *(messages.ProposerStart, messages.Proposals, messages.Inputs, messages.Scores),
]
TAGS = ["answers", "failure", "finished", "loaded", "inputs", "score", "scores", "task_failure", "prompt", "utility"]
TAGS += ["violation", "result", "budget", "Refusal", "nothing"]
FIELDS = [
    "type",
    "answers",
    "outcome",
    "message",
    "printed",
    "source",
    "drive",
    "inputs",
    "split",
    "rng_seed",
    "scores",
]
FIELDS += [
    "rejected",
    "id",
    "expertise",
    "messages",
    "n_responses",
    "temperature",
    "solution",
    "kind",
    "detail",
    "value",
]
FIELDS += ["n_instances", "uses", "times_used", "reference", "entry"]

# ---------------------------------------------------------------- inputs

NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.integers(-200, 200) | st.floats()
SCALARS = st.none() | st.booleans() | NUMBERS | st.text(max_size=40) | st.binary(max_size=40)


def array_of(dtype: str, shape: list[int], raw: bytes) -> np.ndarray[Any, Any]:
    n_bytes = math.prod(shape) * int(dtype[2:])
    values = np.frombuffer(raw[:n_bytes], dtype="|u1")
    return (values % 2 == 1 if dtype == "|b1" else values.view(dtype)).reshape(shape)


ARRAYS = st.builds(
    array_of,
    st.sampled_from(sorted(wire.ARRAY_DTYPES)),
    st.lists(st.integers(0, 3), max_size=3),
    st.binary(min_size=216, max_size=216),
)
KEYS = st.text(max_size=8) | st.sampled_from(FIELDS) | NUMBERS | st.binary(max_size=4) | st.none()
KEYS |= st.tuples(st.integers(-9, 9), st.text(max_size=2))
PLAIN = st.recursive(
    SCALARS | ARRAYS,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)
MESSAGE_LIKE = st.builds(
    lambda tag, fields: {"type": tag, **fields},
    st.sampled_from(TAGS),
    st.dictionaries(st.sampled_from(FIELDS), PLAIN | st.text(max_size=5) | st.integers(0, 5), max_size=5),
)
BODIES = (PLAIN | MESSAGE_LIKE).map(lambda message: wire.encode(message)[wire.HEADER_BYTES :])

HEADS = st.integers(0, 255).map(lambda head: bytes([head]))
LENGTHS = st.sampled_from([0, 1, 2, 4, 8, 12, 16, 32, 255, 256, 1023, 1024, 65_535, 2**20, 2**31 - 1, 2**32 - 1])
PIECES = st.one_of(
    HEADS,
    st.builds(
        lambda head, length: bytes([head]) + struct.pack(">I", length),
        st.sampled_from([0xC6, 0xDB, 0xDD, 0xDF]),
        LENGTHS,
    ),
    st.builds(
        lambda head, length: bytes([head]) + struct.pack(">H", length % 65_536),
        st.sampled_from([0xC5, 0xDA, 0xDC, 0xDE]),
        LENGTHS,
    ),
    st.builds(
        lambda head, code: bytes([head, code]),
        st.sampled_from([0xD4, 0xD5, 0xD6, 0xD7, 0xD8]),
        st.sampled_from([1, 255, 5]),
    ),
    st.builds(lambda length, code: bytes([0xC7, length % 256, code]), LENGTHS, st.sampled_from([1, 255, 0])),
    st.sampled_from(
        [b"\xa3|b1", b"\xa3<f8", b"\xa2|O", b"\x93", b"\x90", b"\x80", b"\x81", b"\xa4type", b"\xa6result"]
    ),
    st.binary(max_size=8),
)
SOUP = st.lists(PIECES, max_size=60).map(b"".join)
REPEATED = st.builds(
    lambda piece, other, times, end: (piece + other) * times + end, PIECES, PIECES, st.integers(1, 3000), SOUP
)
KEYED = st.builds(
    # Large dicts, of keys of one kind, among others.
    lambda before, key, value, n: (
        before + b"\xde" + struct.pack(">H", n) + b"".join(key(number) + value for number in range(n))
    ),
    st.sampled_from([b"", b"\x91", b"\x81\xa1a", b"\x92\xd6\xff\x00\x00\x00\x00"]),
    st.sampled_from(
        [
            lambda number: b"\xcd" + struct.pack(">H", number),
            lambda number: b"\xa2" + struct.pack(">H", number & 0x7F7F),
            lambda number: b"\x92\x01\xcd" + struct.pack(">H", number),
            lambda number: b"\xc4\x02" + struct.pack(">H", number),
            lambda number: b"\x01",
        ]
    ),
    st.sampled_from([b"\x00", b"\x90", b"\x81\x00\x00", b"\xa1a"]),
    st.sampled_from([16, 255, 256, 300, 1023, 1024, 1100]),
)


def mutated(body: bytes, changes: list[tuple[str, int, bytes]]) -> bytes:
    """A body with flips, cuts, insertions, parts said twice, and lengths changed."""
    for kind, number, piece in changes:
        at = number % (len(body) + 1)
        match kind:
            case "flip" if at < len(body):
                body = body[:at] + bytes([body[at] ^ (1 << number % 8)]) + body[at + 1 :]
            case "cut":
                body = body[:at]
            case "insert":
                body = body[:at] + piece + body[at:]
            case "overwrite":
                body = body[:at] + piece + body[at + len(piece) :]
            case "remove":
                body = body[:at] + body[at + max(len(piece), 1) :]
            case "twice":
                body = body[:at] + body[at : at + 20] + body[at:]
    return body


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["flip", "cut", "insert", "overwrite", "remove", "twice"]), st.integers(0, 2**16), PIECES
    ),
    max_size=4,
)
MUTATED = st.builds(mutated, BODIES, CHANGES)
ANY_BODY = st.one_of(BODIES, MUTATED, MUTATED, SOUP, REPEATED, KEYED, st.binary(max_size=200))

# ---------------------------------------------------------------- the worker's side


def assert_plain(message: object) -> None:
    if isinstance(message, list | tuple):
        for item in message:
            assert_plain(item)
    elif type(message) is dict:
        for key, value in message.items():
            assert_plain(key)
            assert_plain(value)
    elif type(message) is np.ndarray:
        assert message.dtype.str in wire.ARRAY_DTYPES
        assert message.flags.writeable and message.flags.c_contiguous
    else:
        assert message is None or type(message) in (bool, int, float, str, bytes)


def cost_of(read: Callable[[], object]) -> int:
    """How many bytes were held at once, at most, while something was read."""
    tracemalloc.start()
    try:
        read()
    except wire.WireError:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return peak


def decoded(body: bytes) -> object:
    """What is in a body; `NOTHING` where it is refused."""
    try:
        return wire.decode(body)
    except wire.WireError as error:
        assert len(str(error)) < 500
        return NOTHING


def check_round_trip(message: object) -> None:
    """What came out can be sent again, and then comes out the same; NaN too, for the bytes are compared."""
    frame = wire.encode(message)
    assert wire.frame_length(frame) == len(frame) - wire.HEADER_BYTES
    assert wire.encode(wire.decode(frame[wire.HEADER_BYTES :])) == frame


def check_channel(body: bytes, message: object) -> None:
    """A channel gives what the decoder gives; a message that is cut, or too large, is refused as such."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        channel = wire.Channel(ours, max_frame_bytes=FRAME_BYTES)
        theirs.sendall(struct.pack(">I", len(body)) + body[:FRAME_BYTES] + b"\x00\x00")
        theirs.shutdown(socket.SHUT_WR)
        if message is NOTHING or len(body) > FRAME_BYTES:
            with pytest.raises(wire.WireError):
                channel.receive()
            return
        assert wire.encode(channel.receive()) == wire.encode(message)
        with pytest.raises(EOFError):
            channel.receive()


def check_messages(message: object) -> None:
    for kind in MESSAGES:
        try:
            msgspec.convert(message, kind)
        except msgspec.ValidationError:
            continue


def check_body(body: bytes) -> None:
    assert cost_of(lambda: wire.decode(body)) <= wire.MEMORY_FACTOR * len(body) + FIXED_COST_BYTES
    message = decoded(body)
    if message is not NOTHING:
        assert_plain(message)
        check_round_trip(message)
        check_messages(message)
    check_channel(body, message)


def test_random_bodies(fuzz):
    fuzz("wire, the worker's side", ANY_BODY, check_body)


def head32(head: int, n: int) -> bytes:
    return bytes([head]) + struct.pack(">I", n)


N = 20_000
EMPTY_ARRAY = wire.encode(np.zeros(0, dtype="|b1"))[wire.HEADER_BYTES :]
NASTY = {
    "nothing": b"",
    "a list of four billion": head32(0xDD, 2**32 - 1),
    "lists of four billion within each other": head32(0xDD, 2**32 - 1) * 900,
    "a dict of four billion": head32(0xDF, 2**32 - 1),
    "a dict of four billion with keys": head32(0xDF, 2**32 - 1) + b"\x01\x01" * 1000,
    "a text of four gigabytes": head32(0xDB, 2**32 - 1),
    "bytes of four gigabytes": head32(0xC6, 2**32 - 1),
    "an extension of four gigabytes": head32(0xC9, 2**32 - 1) + b"\x01",
    "deep lists": b"\x91" * 100_000 + b"\x00",
    "deep dicts": b"\x81\x00" * 50_000 + b"\x00",
    "deep keys": b"\x81" + b"\x91" * 50_000 + b"\x00\x00",
    "empty lists": head32(0xDD, N) + b"\x90" * N,
    "empty dicts": head32(0xDD, N) + b"\x80" * N,
    "small dicts": head32(0xDD, N // 100) + (b"\x81\x00" * 99 + b"\x00") * (N // 100),
    "small dicts of lists": head32(0xDD, N) + b"\x81\x00\x90" * N,
    "empty arrays": head32(0xDD, N) + EMPTY_ARRAY * N,
    "two-byte texts": head32(0xDD, N) + b"\xa2ab" * N,
    "a wide character among narrow ones": head32(0xDB, 100_004) + b"a" * 100_000 + "😀".encode(),
    "times": head32(0xDD, N) + b"\xd6\xff\x00\x00\x00\x00" * N,
    "a time as a key": b"\x81\xd6\xff\x00\x00\x00\x00\x01",
    "a time in a key": b"\x81\x91\xd6\xff\x00\x00\x00\x00\x01",
    "a time of no length": b"\xc7\x00\xff",
    "a time of one byte": b"\xd4\xff\x00",
    "a time after a text that looks like one": b"\x92\xa2\xc3\xbf\xd7\xff" + bytes(8),
    "a dict with one key often": b"\xdf\x00\x00\xff\xff" + b"\x01\x00" * 65_535,
    "a dict as a key": b"\x81\x80\x00",
    "an array as a key": b"\x81" + EMPTY_ARRAY + b"\x00",
    "an array with a long shape": msgspec.msgpack.encode(
        msgspec.msgpack.Ext(1, msgspec.msgpack.encode(["|b1", [1] * 100_000, b"\x01"]))
    ),
    "an array of no bytes and a huge shape": msgspec.msgpack.encode(
        msgspec.msgpack.Ext(1, msgspec.msgpack.encode(["<f8", [0] + [2**31 - 1] * 31, b""]))
    ),
}


@pytest.mark.parametrize("body", NASTY.values(), ids=NASTY.keys())
def test_nasty_bodies(body):
    check_body(body)


# ---------------------------------------------------------------- the engine's side


@dataclass(frozen=True)
class Stream:
    """What comes over a connection.

    Attributes:
        bodies: The bodies of the frames.
        tail: What comes after them.
        chunks: The sizes of the parts in which it comes, over and over.
        takes: Whether messages are taken after a part, over and over.
    """

    bodies: list[bytes]
    tail: bytes
    chunks: list[int]
    takes: list[bool]


STREAMS = st.builds(
    Stream,
    st.lists(BODIES | MUTATED | SOUP, max_size=8),
    st.binary(max_size=12) | st.sampled_from([b"\xff\xff\xff\xff", b"\x00\x00\x00\x09half"]),
    st.lists(st.integers(1, 50) | st.just(1) | st.integers(1, 3000), min_size=1, max_size=8),
    st.lists(st.booleans(), min_size=1, max_size=5),
)


def taken(connection: Connection) -> list[object]:
    """The messages that can be taken, each as the bytes that it would be sent as; `None` for a refusal, at the end."""
    found: list[object] = []
    while True:
        try:
            message = connection.take()
        except wire.WireError:
            return [*found, None]
        if message is NOTHING:
            return found
        assert_plain(message)
        found.append(wire.encode(message))


def check_stream(stream: Stream) -> None:
    data = b"".join(struct.pack(">I", len(body)) + body for body in stream.bodies) + stream.tail
    whole = Connection(FRAME_BYTES)
    whole.data_received(data)
    expected = taken(whole)
    parts = Connection(FRAME_BYTES)
    found: list[object] = []
    at = number = 0
    while at < len(data):
        size = stream.chunks[number % len(stream.chunks)]
        parts.data_received(data[at : at + size])
        if stream.takes[number % len(stream.takes)] and None not in found:
            found += taken(parts)
        at, number = at + size, number + 1
    if None in found or None in expected:
        # The engine ends a child at the first refusal; what would come after does not matter.
        found += taken(parts) if None not in found else []
        assert found[: found.index(None)] == expected[: expected.index(None)]
        return
    found += taken(parts)
    assert found == expected
    assert parts.pending == whole.pending
    assert parts.is_amid_message == whole.is_amid_message == bool(parts.pending)


def test_random_streams(fuzz):
    fuzz("wire, the engine's side", STREAMS, check_stream)


def test_every_cut_of_a_stream_gives_the_same_messages():
    data = b"".join(wire.encode(message) for message in ([1, 2], {}, "text", np.arange(3), None)) + b"\x00\x00\x00"
    for cut in range(len(data) + 1):
        connection = Connection(FRAME_BYTES)
        connection.data_received(data[:cut])
        found = taken(connection)
        connection.data_received(data[cut:])
        assert len(found + taken(connection)) == 5
        assert connection.is_amid_message
