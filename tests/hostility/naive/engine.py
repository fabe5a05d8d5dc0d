"""An engine as one writes it without hostile programs in mind; it runs inside a process of its own.

In its scope: `program`, the source of a program with an `attack`; `inner`, what that one is given; `variant`, how
messages are read: `json`, `pickle` or `msgpack`, and whether to wait for the process's end.
"""

import atexit
import json
import os
import pickle
import select
import signal
import socket
import struct
import threading

import msgspec
import numpy

BOUND_BYTES = 4 * 1024 * 1024
PATIENCE_SECONDS = 1.0


class Swells(Exception):
    """What was sent has become more than an engine should hold."""


class Waits(Exception):
    """Nothing more comes, and the engine would wait for ever."""


def start():
    """The process of the program, and this side's end of its connection."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        ours.close()
        os.setpgid(0, 0)
        os.dup2(theirs.detach(), 3)
        os.closerange(4, 1024)
        scope = dict(inner)  # noqa: F821 - given
        exec(compile(program, "<program>", "exec"), scope)  # noqa: F821 - given
        scope["attack"]()
        send_done(3)
        threading._shutdown()
        atexit._run_exitfuncs()
        os._exit(0)
    theirs.close()
    return pid, ours


def send_done(descriptor):
    os.write(descriptor, b"\x00\x00\x00\x06\xd9\x04done")


def read(connection, length):
    data = bytearray()
    while len(data) < length:
        if not select.select([connection], [], [], PATIENCE_SECONDS)[0]:
            raise Waits
        chunk = connection.recv(min(65536, length - len(data)))
        if not chunk:
            raise EOFError("it is gone")
        data += chunk
        if len(data) > BOUND_BYTES:
            raise Swells
    return bytes(data)


def read_message(connection):
    (length,) = struct.unpack(">I", read(connection, 4))
    body = read(connection, length)
    if variant.startswith("pickle"):  # noqa: F821 - given
        return pickle.loads(body)
    if variant.startswith("json"):  # noqa: F821 - given
        return json.loads(body)
    return plain(body)


def plain(body):
    """Reads msgpack as far as programs here send it: by recursion, and without any doubt."""
    value, _ = plain_at(body, 0)
    return value


def plain_at(body, at):
    head = body[at]
    if head == 0xDD:
        (count,) = struct.unpack_from(">I", body, at + 1)
        items = [None] * count
        at += 5
        for index in range(count):
            items[index], at = plain_at(body, at)
        return items, at
    if 0x90 <= head < 0xA0:
        items, at = [], at + 1
        for _ in range(head - 0x90):
            item, at = plain_at(body, at)
            items.append(item)
        return items, at
    if head in (0xC7, 0xC8):
        size, start_at = (body[at + 1], at + 3) if head == 0xC7 else (struct.unpack_from(">H", body, at + 1)[0], at + 4)
        return extension(body[start_at - 1], body[start_at : start_at + size]), start_at + size
    if head == 0xD8:
        return extension(body[at + 1], body[at + 2 : at + 18]), at + 18
    if head == 0xD9:
        text = body[at + 2 : at + 2 + body[at + 1]].decode("utf-8", "surrogateescape")
        text.encode()  # as whoever shows or keeps it must do
        return text, at + 2 + body[at + 1]
    return head, at + 1


def extension(code, data):
    if code == 2:
        return pickle.loads(data)
    dtype, shape, raw = msgspec.msgpack.decode(data)
    array = numpy.empty(shape, dtype)
    array.flat = numpy.frombuffer(raw, dtype)
    return array


def attack():
    """What becomes of the engine."""
    if variant == "in its own process":  # noqa: F821 - given
        scope = dict(inner)  # noqa: F821 - given
        exec(compile(program, "<program>", "exec"), scope)  # noqa: F821 - given
        try:
            scope["attack"]()
        except BaseException as error:  # noqa: BLE001
            return f"the engine falls: {type(error).__name__}"
        return "it went well"
    pid, connection = start()
    kept, held = [], 0
    try:
        while True:
            kept.append(read_message(connection))
            held += len(repr(kept[-1]))
            if held > BOUND_BYTES:
                raise Swells
            if kept[-1] == "done":
                wait_for_end(pid)
                return f"took {kept!r}"
    except Swells:
        return "the engine swells"
    except Waits:
        return "the engine waits"
    except BaseException as error:  # noqa: BLE001 - the fall of the engine is what is to be shown
        return f"the engine falls: {type(error).__name__}"
    finally:
        connection.close()
        os.killpg(pid, signal.SIGKILL)


def wait_for_end(pid):
    if not select.select([os.pidfd_open(pid)], [], [], PATIENCE_SECONDS)[0]:
        raise Waits
