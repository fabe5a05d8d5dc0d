"""A tool that loads a task's `utility.py` as one does who takes a task folder for data: beside everything else.

In its scope: `utility`, its source; `inner`, what that one is given; `how`: `by_messages` has it answer from a process
of its own and believes the answers, `with_neighbour` scores a solution of another task afterwards.
"""

import os
import random
import socket
import struct

import msgspec

NEIGHBOUR = {
    "score": lambda arguments, hidden, answer: 1 - sum(abs(a - b) for a, b in zip(answer, hidden, strict=True))
}
LONGEST_CHARACTERS = 1024 * 1024


def double(numbers):
    return [2 * number for number in numbers]


def measured(task):
    """The mean score of an honest solution."""
    made = task["instances"]("validation", random.Random(0), 4)
    drive = task.get("drive", lambda candidate, *arguments: candidate(*arguments))
    scores = [task["score"](arguments, hidden, drive(double, *arguments)) for arguments, hidden in made]
    return sum(scores) / len(scores)


def attack():
    """What becomes of the tool."""
    if how == "by_messages":  # noqa: F821 - given
        return believed()
    task = dict(inner)  # noqa: F821 - given
    exec(compile(utility, "<utility>", "exec"), task)  # noqa: F821 - given
    value = measured(task)
    if how == "with_neighbour":  # noqa: F821 - given
        return value, NEIGHBOUR["score"](None, [2.0], [2.0])
    return value


def believed():
    """What becomes of a tool that takes the messages of a task's process for what they should be."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        ours.close()
        os.dup2(theirs.detach(), 3)
        task = dict(inner)  # noqa: F821 - given
        exec(compile(utility, "<utility>", "exec"), task)  # noqa: F821 - given
        measured(task)
        os._exit(0)
    theirs.close()
    try:
        with ours, ours.makefile("rb") as stream:
            while True:
                (length,) = struct.unpack(">I", stream.read(4))
                reply = msgspec.msgpack.decode(stream.read(length))
                if len(reply.get("message", "")) > LONGEST_CHARACTERS:
                    return "the engine swells"
                value = sum(reply["scores"]) / len(reply["scores"])
                if not abs(value) < 1e50:
                    return f"the engine falls: it took {value} for a value"
    except Exception as error:  # noqa: BLE001 - the fall of the engine is what is to be shown
        return f"the engine falls: {type(error).__name__}"
    finally:
        os.waitpid(pid, 0)
