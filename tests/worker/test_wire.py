"""The wire: what goes in comes out, and nothing but plain data ever comes out."""

from __future__ import annotations

import datetime
import math
import socket
import struct
import threading
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftaught.worker import wire

SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text() | st.binary()
)
PLAIN = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)
ARRAYS = st.tuples(
    st.sampled_from(sorted(wire.ARRAY_DTYPES - {"|b1"})),
    st.lists(st.integers(0, 4), max_size=3),
    st.binary(min_size=512, max_size=512),
)


def round_trip(message: object) -> object:
    frame = wire.encode(message)
    assert wire.frame_length(frame) == len(frame) - wire.HEADER_BYTES
    return wire.decode(frame[wire.HEADER_BYTES :])


@given(PLAIN)
def test_plain_data_comes_out_as_it_went_in(message: object) -> None:
    assert round_trip(message) == message


@given(ARRAYS)
def test_arrays_come_out_as_they_went_in(parts: tuple[str, list[int], bytes]) -> None:
    dtype, shape, raw = parts
    array = np.frombuffer(raw[: math.prod(shape) * int(dtype[2:])], dtype=dtype).reshape(shape)
    result: Any = round_trip({"array": array})
    assert result["array"].dtype == array.dtype
    assert result["array"].shape == array.shape
    assert result["array"].tobytes() == array.tobytes()


@given(st.binary(max_size=200))
def test_any_bytes_are_plain_data_or_refused(body: bytes) -> None:
    try:
        message = wire.decode(body)
    except wire.WireError:
        return
    assert_plain(message)


def assert_plain(message: object) -> None:
    if isinstance(message, list | tuple):
        for item in message:
            assert_plain(item)
    elif isinstance(message, dict):
        for key, value in message.items():
            assert_plain(key)
            assert_plain(value)
    else:
        assert message is None or type(message) in (bool, int, float, str, bytes, np.ndarray)


def test_an_array_that_comes_out_can_be_written_and_is_in_order() -> None:
    array: Any = round_trip(np.arange(6, dtype=">i4").reshape(2, 3).T)
    assert array.tolist() == [[0, 3], [1, 4], [2, 5]]
    array[0, 0] = 7


def test_numpy_scalars_become_plain_numbers() -> None:
    result: Any = round_trip([np.int64(3), np.float64(0.5), np.bool_(True), np.float32(2), np.str_("a")])
    assert result == [3, 0.5, True, 2.0, "a"]
    assert [type(item) for item in result] == [int, float, bool, float, str]


class Odd(float):
    """A float that is more than a float."""


def test_subclasses_of_plain_types_lose_what_is_more() -> None:
    result = round_trip(Odd(2.0))
    assert result == 2.0
    assert type(result) is float


@pytest.mark.parametrize(
    "message",
    [
        object(),
        2**80,
        lambda: 0,
        np.array([object()]),
        np.array([1j]),
        np.array(["a"]),
        {"a": [object()]},
        np.float16(1).reshape(1),
    ],
    ids=[
        "object",
        "huge integer",
        "function",
        "object array",
        "complex array",
        "text array",
        "object within",
        "half array",
    ],
)
def test_other_objects_cannot_be_sent(message: object) -> None:
    with pytest.raises(wire.WireError):
        wire.encode(message)


def test_endless_nesting_is_refused_both_ways() -> None:
    nested: list[Any] = []
    nested.append(nested)
    with pytest.raises(wire.WireError):
        wire.encode(nested)
    with pytest.raises(wire.WireError):
        wire.decode(b"\x91" * 100_000 + b"\x00")


def extension(dtype: object, shape: object, raw: object, code: int = wire.ARRAY_CODE) -> bytes:
    return msgspec.msgpack.encode(msgspec.msgpack.Ext(code, msgspec.msgpack.encode([dtype, shape, raw])))


@pytest.mark.parametrize(
    "body",
    [
        extension("<f8", [2], bytes(8)),
        extension("<f8", [2**31, 2**31], bytes(8)),
        extension("<f8", [-1], bytes(8)),
        extension("<f8", [0, 2**62], b""),
        extension("|O", [1], bytes(8)),
        extension("<f8,<f8", [1], bytes(16)),
        extension("|b1", [1], b"\x02"),
        extension("<f8", "1", bytes(8)),
        extension("<f8", [1], "12345678"),
        extension("<f8", [1] * 33, bytes(8)),
        extension("<f8", [1], bytes(8), code=5),
        msgspec.msgpack.encode(datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)),
        msgspec.msgpack.encode([1, {"a": datetime.datetime(2020, 1, 1, 1, 1, 1, 1, tzinfo=datetime.UTC)}]),
        b"",
        b"\xc1",
        b"\x00\x00",
        b"\xdd\xff\xff\xff\xff",
        b"\xa1\xff",
    ],
)
def test_lies_are_refused(body: bytes) -> None:
    with pytest.raises(wire.WireError):
        wire.decode(body)


@pytest.mark.parametrize(
    "message",
    [
        datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC),
        [{"a": datetime.datetime(2020, 1, 1, 1, 1, 1, 1, tzinfo=datetime.UTC)}],
        np.zeros((2**31, 0)),
        dict.fromkeys(range(wire.MAX_NUMBER_KEYS + 1)),
        {(number,): None for number in range(wire.MAX_ODD_KEYS + 1)},
    ],
    ids=["time", "time within", "array of a huge shape", "many numbers as keys", "many lists as keys"],
)
def test_what_would_be_refused_on_the_other_side_cannot_be_sent(message: object) -> None:
    with pytest.raises(wire.WireError, match="this cannot be sent"):
        wire.encode(message)


@pytest.mark.parametrize(
    "message",
    [
        dict.fromkeys(range(wire.MAX_NUMBER_KEYS)),
        {(number,): [number] for number in range(wire.MAX_ODD_KEYS)},
        {f"key {number}": [{"inner": {1: 2}}, (1, 2)] for number in range(3000)},
        {struct.pack(">I", number): number / 3 for number in range(3000)},
        [{"a" * 40: "b" * 300, "c": np.arange(9)}, [[]] * 300, {str(number): {} for number in range(300)}, [-1, 2**40]],
    ],
    ids=["numbers", "lists", "texts", "bytes", "mixed"],
)
def test_large_dicts_come_out_as_they_went_in(message: Any) -> None:
    frame = wire.encode(message)
    assert wire.encode(round_trip(message)) == frame


def colliding_keys(n: int) -> bytes:
    """A dict of `n` numbers that stand where Python looks for one more, and that one `n` times."""
    bits = (n * 3 // 2 + 8).bit_length()
    wanted = place = (1 << bits) + 5
    shift, places = wanted, []
    for _ in range(n):
        place &= (1 << bits) - 1
        places.append(place)
        shift >>= 5
        place = place * 5 + shift + 1
    keys = [*dict.fromkeys(places), *[wanted] * n]
    return b"\xdf" + struct.pack(">I", len(keys)) + b"".join(b"\xce" + struct.pack(">I", key) + b"\xc0" for key in keys)


@pytest.mark.parametrize(
    "around", [b"", b"\x91", b"\x82\x01\x90\xa1a", b"\xdc\x00\x02\xd9\x02ab", b"\x92\xc4\x01a", b"\x92\xd6\x05abcd"]
)
def test_keys_that_collide_are_refused_before_they_are_looked_up(around: bytes) -> None:
    """A megabyte of them took 19 seconds, 16 MiB more than an hour."""
    with pytest.raises(wire.WireError, match="too many keys that are not text"):
        wire.decode(around + colliding_keys(20_000))


def test_one_key_that_is_no_text_among_many_is_refused() -> None:
    keys = [*(f"key {number}" for number in range(wire.MAX_NUMBER_KEYS)), 7]
    with pytest.raises(wire.WireError, match="too many keys that are not text"):
        wire.decode(msgspec.msgpack.encode([1, {key: {key: [key]} for key in keys}]))


def test_bytes_that_look_like_a_time_are_not_refused() -> None:
    message = ["\N{SNOWMAN}", b"\xd6\xff\x00\x00\x00\x00", {"a": np.frombuffer(b"\xd7\xff" * 8, dtype="<f8")}]
    result: Any = round_trip(message)
    assert result[1] == message[1]


def pair() -> tuple[wire.Channel, socket.socket]:
    ours, theirs = socket.socketpair()
    return wire.Channel(ours, max_frame_bytes=1000), theirs


def test_a_channel_ends_with_eof() -> None:
    channel, theirs = pair()
    theirs.sendall(wire.encode([1, 2]) + b"\x00\x00")
    theirs.close()
    assert channel.receive() == [1, 2]
    with pytest.raises(EOFError):
        channel.receive()


def test_a_channel_refuses_a_frame_that_is_too_large() -> None:
    channel, theirs = pair()
    theirs.sendall(b"\xff\xff\xff\xff")
    with pytest.raises(wire.WireError, match="4294967295 bytes"):
        channel.receive()


def test_messages_of_several_threads_do_not_mix() -> None:
    channel, theirs = pair()
    reader = wire.Channel(theirs)
    senders = [threading.Thread(target=lambda n=n: [channel.send([n] * 5000) for _ in range(20)]) for n in range(4)]
    for sender in senders:
        sender.start()
    received: list[Any] = [reader.receive() for _ in range(80)]
    for sender in senders:
        sender.join()
    assert all(len(set(message)) == 1 and len(message) == 5000 for message in received)
