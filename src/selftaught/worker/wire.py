"""The wire between the engine and a child: length-prefixed msgpack frames of plain data.

Both sides import this module. A frame is four bytes, the length of the body (big-endian), and a msgpack body. What
comes out of `decode` is plain data only: None, bool, int, float, str, bytes, list, dict, and numpy arrays of the
listed dtypes; a list that is the key of a dict comes out as a tuple. Nothing here can run code that a frame names:
there is no pickle, no class by name, and every length is checked before its bytes are read.

Reading costs time in proportion to the bytes, whoever made them. Only the hashes of text and bytes are secret, so keys
of other kinds can be chosen to collide; a dict may hold but few of those. What is made of a body takes at most
`MEMORY_FACTOR` times its bytes, plus some kilobytes.
"""

from __future__ import annotations

import importlib
import math
import re
import socket
import struct
import sys
import threading
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import numpy as np

HEADER_BYTES = 4
MAX_FRAME_BYTES = 256 * 1024 * 1024
ARRAY_CODE = 1
ARRAY_DTYPES = frozenset({"|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f4", "<f8"})
MAX_DIMENSIONS = 32
MAX_SIZE = 2**31 - 1
MAX_NUMBER_KEYS = 1023
"""How many keys a dict may have if one of them is neither text nor bytes."""
MAX_ODD_KEYS = 255
"""How many if one of them is a list; it takes longer to tell those apart."""
MEMORY_FACTOR = 160

_HEADER = struct.Struct(">I")
# A body in which none of these bytes occur holds no dict with more than 15 keys, and no msgpack timestamp, which
# msgspec would decode into a datetime. Single bytes: longer marks take fifty times as long to look for.
_MARKS = (b"\xde", b"\xdf", b"\xff")
# How many bytes after the head of an item say how many bytes (or items) follow.
_LENGTH_WIDTHS = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xC7: 1, 0xC8: 2, 0xC9: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}
_COUNT_WIDTHS = {0xDC: 2, 0xDD: 4, 0xDE: 2, 0xDF: 4}
_FIXED_LENGTHS = {
    **dict(zip(range(0xCA, 0xD9), (4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17), strict=True)),
    **{0xA0 + size: size for size in range(32)},
}
_EXTENSIONS = frozenset((0xC7, 0xC8, 0xC9, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8))
_TEXT_KEYS = frozenset((*range(0xA0, 0xC0), 0xC4, 0xC5, 0xC6, 0xD9, 0xDA, 0xDB))
_NUMBER_KEYS = frozenset(range(256)) - frozenset(range(0x80, 0xA0)) - _EXTENSIONS - frozenset(_COUNT_WIDTHS)
_SHORT = b"|".join(rb"\x%02x.{%d}" % (size, size) for size in range(32))
_FIXED = b"|".join(
    rb"\x%02x.{%d}" % (head, length) for head, length in _FIXED_LENGTHS.items() if head not in _EXTENSIONS
)
# As many items as there are, one after the other, that are neither long text, nor extensions, nor dicts of many keys.
_SMALL_ITEMS = re.compile(
    rb"(?:[\x00-\x9f\xc0\xc2\xc3\xe0-\xff]|%b|\xdc.{2}|\xdd.{4}|(?:\xde|\xdf\x00\x00)\x00."
    rb"|(?:[\xd9\xc4]|[\xda\xc5]\x00|[\xdb\xc6]\x00{3})(?:%b))*+" % (_FIXED, _SHORT),
    re.DOTALL,
)


class WireError(TypeError):
    """The object cannot be sent, or the bytes received are not a message."""


def encode(message: object) -> bytes:
    """Returns the frame, header and body, of `message`.

    Raises:
        WireError: `message` holds something that is not plain data or an array of a listed dtype.
    """
    try:
        body = msgspec.msgpack.encode(message, enc_hook=_encode_other)
    except WireError:
        raise
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise WireError(f"this cannot be sent: {error}") from None
    if len(body) > MAX_FRAME_BYTES:
        raise WireError(f"this cannot be sent: {len(body)} bytes, more than {MAX_FRAME_BYTES}")
    _refuse_times_and_collisions(body, "this cannot be sent")
    return _HEADER.pack(len(body)) + body


def packed(part: object) -> Any:
    """Returns a part of messages as it will be sent, for what is sent again and again.

    Raises:
        WireError: It holds something that is not plain data or an array of a listed dtype.
    """
    return msgspec.Raw(encode(part)[HEADER_BYTES:])


def decode(body: bytes | bytearray) -> object:
    """Returns the plain data in the body of a frame.

    Raises:
        WireError: It is not msgpack, or holds more than plain data and arrays of the listed dtypes.
    """
    _refuse_times_and_collisions(body, "not a message")
    try:
        return msgspec.msgpack.decode(body, ext_hook=_decode_extension)
    except WireError:
        raise
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise WireError(f"not a message: {error}") from None


def frame_length(header: bytes | bytearray | memoryview) -> int:
    """Returns the length of the body that a header of `HEADER_BYTES` bytes announces."""
    length: int = _HEADER.unpack_from(header)[0]
    return length


class Channel:
    """The child's end of the wire: blocking; `send` may be called from several threads.

    Args:
        sock: A connected stream socket; the channel owns it.
        max_frame_bytes: The largest body that `receive` accepts.
    """

    def __init__(self, sock: socket.socket, max_frame_bytes: int = MAX_FRAME_BYTES) -> None:
        self._socket = sock
        self._max_frame_bytes = max_frame_bytes
        self._sending = threading.Lock()

    def send(self, message: object, at_most: int = MAX_FRAME_BYTES) -> None:
        """Sends one message.

        Args:
            message: What to send.
            at_most: How many bytes its body may have.

        Raises:
            WireError: It is not plain data, or too large; nothing was sent.
        """
        frame = encode(message)
        if len(frame) - HEADER_BYTES > at_most:
            raise WireError(f"this cannot be sent: {len(frame) - HEADER_BYTES} bytes, more than {at_most}")
        with self._sending:
            self._socket.sendall(frame)

    def receive(self) -> object:
        """Returns the next message; waits for it.

        Raises:
            EOFError: The engine is gone.
            WireError: The bytes are not a message.
        """
        length = frame_length(self._read(HEADER_BYTES))
        if length > self._max_frame_bytes:
            raise WireError(f"a frame of {length} bytes, more than {self._max_frame_bytes}")
        return decode(self._read(length))

    def _read(self, length: int) -> bytearray:
        data = bytearray(length)
        view = memoryview(data)
        while len(view):
            received = self._socket.recv_into(view)
            if not received:
                raise EOFError("the engine is gone")
            view = view[received:]
        return data


def _encode_other(value: Any) -> object:
    np = sys.modules.get("numpy")
    if np is not None and isinstance(value, np.generic):
        plain = value.item()
        if type(plain) in (bool, int, float, str, bytes):
            return plain
    if np is not None and isinstance(value, np.ndarray):
        return msgspec.msgpack.Ext(ARRAY_CODE, _encode_array(value))
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    raise WireError(f"this cannot be sent: an object of type {type(value).__name__}")


def _encode_array(array: np.ndarray[Any, Any]) -> bytes:
    little = array.dtype.newbyteorder("<")
    if little.str not in ARRAY_DTYPES:
        raise WireError(f"this cannot be sent: an array of dtype {array.dtype}")
    if array.ndim > MAX_DIMENSIONS or any(size > MAX_SIZE for size in array.shape):
        raise WireError("this cannot be sent: an array of too many dimensions, or too large a one")
    raw = array.astype(little, order="C", copy=False).tobytes()
    return msgspec.msgpack.encode([little.str, list(array.shape), raw])


def _decode_extension(code: int, data: memoryview) -> object:
    if code != ARRAY_CODE:
        raise WireError(f"not a message: extension {code}")
    dtype, shape, raw = msgspec.msgpack.decode(data, type=tuple[str, list[int], bytes])
    return _decode_array(dtype, shape, raw)


def _decode_array(dtype: str, shape: list[int], raw: bytes) -> Any:
    if dtype not in ARRAY_DTYPES:
        raise WireError("not a message: an array of a dtype that is not listed")
    if len(shape) > MAX_DIMENSIONS or any(not 0 <= size <= MAX_SIZE for size in shape):
        raise WireError("not a message: an array of an impossible shape")
    if math.prod(shape) * int(dtype[2:]) != len(raw):
        raise WireError("not a message: the shape of an array does not match its bytes")
    if dtype == "|b1" and raw.translate(None, b"\x00\x01"):
        raise WireError("not a message: a truth value that is neither true nor false")
    np = sys.modules.get("numpy") or importlib.import_module("numpy")
    return np.frombuffer(bytearray(raw), dtype=dtype).reshape(shape)


def _refuse_times_and_collisions(body: bytes | bytearray, refusal: str) -> None:
    """Raises if msgspec would make more of a body than plain data, or take longer than in proportion to its bytes."""
    if not any(mark in body for mark in _MARKS):
        return
    has_large_map, has_time = _survey(body)
    if has_time:
        raise WireError(f"{refusal}: a datetime")
    if has_large_map:
        _refuse_collisions(body, refusal)


def _survey(body: bytes | bytearray) -> tuple[bool, bool]:
    """Returns whether there is a dict that announces more than `MAX_ODD_KEYS` keys, and whether there is a time.

    It goes over the items in the order of their bytes, whatever their nesting; at bytes that are no msgpack it stops,
    and so will the decoder.
    """
    has_large_map = False
    at = 0
    while True:
        found = _SMALL_ITEMS.match(body, at)
        at = found.end() if found is not None else at
        if at >= len(body):
            return has_large_map, False
        head = body[at]
        payload = at + 1 + _LENGTH_WIDTHS.get(head, _COUNT_WIDTHS.get(head, 0))
        if head in _EXTENSIONS and body[payload : payload + 1] == b"\xff":
            return has_large_map, True
        if head in _COUNT_WIDTHS:
            has_large_map = True
            at = payload
        elif head in _LENGTH_WIDTHS:
            at = payload + int.from_bytes(body[at + 1 : payload], "big") + (head in _EXTENSIONS)
        elif head in _FIXED_LENGTHS:
            at = payload + _FIXED_LENGTHS[head]
        else:
            return has_large_map, False


def _refuse_collisions(body: bytes | bytearray, refusal: str) -> None:
    """Raises if a dict in a body has too many keys whose hashes its sender may have chosen."""
    # Of each list and dict that the next item is in: how many items are to come, and what may be a key.
    outer: list[tuple[int, frozenset[int] | None]] = []
    left, keys = 1, None
    at = 0
    while at < len(body):
        head = body[at]
        if keys is not None and not left % 2 and head not in keys:
            raise WireError(f"{refusal}: a dict with too many keys that are not text")
        left -= 1
        payload = at + 1 + _LENGTH_WIDTHS.get(head, _COUNT_WIDTHS.get(head, 0))
        length = int.from_bytes(body[at + 1 : payload], "big")
        if 0x80 <= head <= 0x9F or head in _COUNT_WIDTHS:
            outer.append((left, keys))
            is_map = head < 0x90 or head >= 0xDE
            count = length if head >= 0xDC else head & 0x0F
            left, keys = count * (1 + is_map), _allowed_keys(count) if is_map else None
            length = 0
        at = payload + _FIXED_LENGTHS.get(head, length + (head in _EXTENSIONS))
        while not left and outer:
            left, keys = outer.pop()


def _allowed_keys(count: int) -> frozenset[int] | None:
    """Returns the heads of what may be a key in a dict with `count` keys; None for all."""
    if count > MAX_NUMBER_KEYS:
        return _TEXT_KEYS
    return _NUMBER_KEYS if count > MAX_ODD_KEYS else None
