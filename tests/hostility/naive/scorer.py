"""A scorer as one writes it without hostile programs in mind: everything in one process, and lenient.

In its scope: `program`, `entry` and `utility` (sources and a name), `rng_seed` and `n_instances`, `judge` (which of
`JUDGES` scores; by default the utility itself), `twice`, and a `neighbour` that is scored afterwards.
"""

import contextlib
import io
import json
import os
import random
import socket
import struct
import time

import msgspec
import numpy


def equal(arguments, hidden, answer):
    return sum(bool(given == truth) for given, truth in zip(answer, hidden, strict=True)) / len(hidden)


def worst(arguments, hidden, answer):
    distance = 0
    for given, truth in zip(answer, hidden, strict=True):
        if abs(given - truth) > distance:
            distance = abs(given - truth)
    return 1 - distance


def any_of_a_row(arguments, hidden, answer):
    rows = numpy.asarray(answer).reshape(len(hidden), -1)
    return float((rows == numpy.array(hidden)[:, None]).any(axis=1).mean())


def matches(arguments, hidden, answer):
    return float((numpy.asanyarray(answer) == numpy.array(hidden)).sum() / len(hidden))


def squares(arguments, hidden, answer):
    answer = numpy.asarray(answer)
    return 1 - float(((answer - numpy.array(hidden).astype(answer.dtype)) ** 2).mean())


def truth_value(arguments, hidden, answer):
    return 1.0 if answer == hidden else 0.0


def larger_is_better(arguments, hidden, answer):
    return float(sum(answer))


def claimed(arguments, hidden, answer):
    return float(answer["score"]) if isinstance(answer, dict) else 0.0


def found(arguments, hidden, answer):
    return sum(label in answer for label in hidden) / len(hidden)


JUDGES = {
    function.__name__: function
    for function in (equal, worst, any_of_a_row, matches, squares, truth_value, larger_is_better, claimed, found)
}


def in_one_process(source, name, utility_source, judge_name, seed, n):
    """The mean score, with the instances, the program and the scorer side by side."""
    task = {"__name__": "task"}
    exec(compile(utility_source, "<utility>", "exec"), task)
    scorer = JUDGES.get(judge_name, task["score"])
    made = task["instances"]("validation", random.Random(seed), n)
    candidate = {"__name__": "candidate"}
    exec(compile(source, "<program>", "exec"), candidate)
    scores = []
    for arguments, hidden in made:
        answer = candidate[name](*arguments)
        scores.append(scorer(arguments, hidden, answer))
    return sum(scores) / len(scores)


def by_exit_code(source, name, utility_source, judge_name, seed, n):
    """Full marks if a process that checks the program ends as if all were well."""
    pid = os.fork()
    if pid == 0:
        try:
            value = in_one_process(source, name, utility_source, "", seed, n)
            assert value > 0.99
        except SystemExit as end:
            os._exit(end.code or 0)
        except BaseException:  # noqa: BLE001
            os._exit(1)
        os._exit(0)
    return float(os.waitpid(pid, 0)[1] == 0)


def by_what_is_printed(source, name, utility_source, judge_name, seed, n):
    """The number after the last `score:` on the standard output."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        print(f"score: {in_one_process(source, name, utility_source, '', seed, n)}")
    numbers = [line.split()[1] for line in printed.getvalue().splitlines() if line.startswith("score:")]
    return max(map(float, numbers))


def by_report(source, name, utility_source, judge_name, seed, n):
    """The mean score after a way through a report as JSON."""
    value = in_one_process(source, name, utility_source, "", seed, n)
    return json.loads(json.dumps({"score": value}))["score"]


def by_speed(source, name, utility_source, judge_name, seed, n):
    """The quicker the better."""
    started = time.perf_counter()
    in_one_process(source, name, utility_source, "", seed, n)
    return 0.001 / max(time.perf_counter() - started, 1e-9) if time.perf_counter() > 0 else 0.0


def by_messages(source, name, utility_source, judge_name, seed, n):
    """What a process says of itself, message by message: its scores, or answers that are counted when right."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        os.dup2(theirs.fileno(), 3)
        task, candidate = {}, {}
        exec(utility_source, task)
        made = task["instances"]("validation", random.Random(seed), n)
        exec(source, candidate)
        send(3, {"type": "answers", "answers": [candidate[name](*arguments) for arguments, _ in made]})
        os._exit(0)
    theirs.close()
    task = {}
    exec(utility_source, task)
    made = task["instances"]("validation", random.Random(seed), n)
    data = b""
    while chunk := ours.recv(65536):
        data += chunk
    os.waitpid(pid, 0)
    return tally(data, made, task["score"])


def send(descriptor, message):
    body = msgspec.msgpack.encode(message)
    os.write(descriptor, struct.pack(">I", len(body)) + body)


def tally(data, made, scorer):
    best, at = 0.0, 0
    while at + 4 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        message = msgspec.msgpack.decode(data[at + 4 : at + 4 + length])
        at += 4 + length
        if "scores" in message:
            best = max(best, *message["scores"])
        else:
            pairs = [(made[index % len(made)], answer) for index, answer in enumerate(message["answers"])]
            right = sum(scorer(arguments, hidden, answer) > 0.99 for (arguments, hidden), answer in pairs)
            best = max(best, right / len(made))
    return best


WAYS = {function.__name__: function for function in (
    in_one_process, by_exit_code, by_what_is_printed, by_report, by_speed, by_messages,
)}  # fmt: skip


def attack():
    """The value of the program, and that of its neighbour."""
    way = WAYS.get(judge, in_one_process)  # noqa: F821 - given
    task = (utility, judge, rng_seed, n_instances)  # noqa: F821 - given
    try:
        if twice:  # noqa: F821 - given
            way(program, entry, *task)  # noqa: F821 - given
        value = way(program, entry, *task)  # noqa: F821 - given
    except Exception:  # noqa: BLE001 - a program that fails has no value
        value = None
    try:
        honest = in_one_process(neighbour, "double", neighbour_utility, "", 0, 4)  # noqa: F821 - given
    except Exception:  # noqa: BLE001
        honest = None
    return value if value is None else float(value), honest
