"""The wire between the engine and a child: length-prefixed msgpack frames of plain data.

Both sides import this module. A frame is four bytes, the length of the body (big-endian), and a msgpack body. What
comes out
of `decode` is plain data only: None, bool, int, float, str, bytes, list, dict, and numpy arrays of the listed dtypes.
Nothing here can run code
that a frame names: there is no pickle, no class by name, and every length is checked before its bytes are read.
"""

from __future__ import annotations

import importlib
import math
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

_HEADER = struct.Struct(">I")
# A body in which none of these bytes occur holds no msgpack timestamp, which msgspec would decode into a datetime.
_TIMESTAMP_MARKS = (
    b"\xd6\xff",
    b"\xd7\xff",
    *(head + bytes([size]) + b"\xff" for size in (4, 8, 12) for head in (b"\xc7", b"\xc8\x00", b"\xc9\x00\x00\x00")),
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
    return _HEADER.pack(len(body)) + body


def decode(body: bytes | bytearray | memoryview) -> object:
    """Returns the plain data in the body of a frame.

    Raises:
        WireError: It is not msgpack, or holds more than plain data and arrays of the listed dtypes.
    """
    try:
        message = msgspec.msgpack.decode(body, ext_hook=_decode_extension)
    except WireError:
        raise
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise WireError(f"not a message: {error}") from None
    if any(mark in body for mark in _TIMESTAMP_MARKS):
        _refuse_times(message)
    return message


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

    def send(self, message: object) -> None:
        """Sends one message.

        Raises:
            WireError: It is not plain data; nothing was sent.
        """
        frame = encode(message)
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
    if little.str not in ARRAY_DTYPES or array.ndim > MAX_DIMENSIONS:
        raise WireError(f"this cannot be sent: an array of dtype {array.dtype}")
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
    if len(shape) > MAX_DIMENSIONS or any(not 0 <= size < 2**31 for size in shape):
        raise WireError("not a message: an array of an impossible shape")
    if math.prod(shape) * int(dtype[2:]) != len(raw):
        raise WireError("not a message: the shape of an array does not match its bytes")
    if dtype == "|b1" and raw.translate(None, b"\x00\x01"):
        raise WireError("not a message: a truth value that is neither true nor false")
    np = sys.modules.get("numpy") or importlib.import_module("numpy")
    return np.frombuffer(bytearray(raw), dtype=dtype).reshape(shape)


def _refuse_times(message: object) -> None:
    """Raises if `message` holds anything but plain data; asked only where the bytes leave it open."""
    pending = [message]
    while pending:
        item = pending.pop()
        if isinstance(item, list):
            pending.extend(item)
        elif isinstance(item, dict):
            pending.extend(item.keys())
            pending.extend(item.values())
        elif isinstance(item, tuple):
            pending.extend(item)
        elif not _is_plain(item):
            raise WireError(f"not a message: a {type(item).__name__}")


def _is_plain(item: object) -> bool:
    return item is None or isinstance(item, bool | int | float | str | bytes) or type(item).__name__ == "ndarray"
