"""Programs that look for the hidden part of an instance: in frames, objects, modules and memory, and by guessing seeds.

Each way has its control: it finds the label in a harness as it is commonly written, where program and scorer share a
process; and in the isolation it finds a label that it wrote itself, so that it did look.
"""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from typing import Any

import pytest

from selftaught.errors import Outcome
from selftaught.task_definition import MIB, Task
from selftaught.utility import Draw

N = 3

UTILITY = '''
"""Name the label of a number."""

Answer = str


def instances(split, rng, n):
    return [((rng.getrandbits(60),), f"label:{rng.getrandbits(128):032x}") for _ in range(n)]


def score(arguments, hidden, answer):
    return float(answer == hidden)
'''

LABELS = Task(
    name="labels",
    entry="f",
    summary="name the label of a number",
    seed_solution="def f(number):\n    return ''\n",
    utility_source=UTILITY,
    reference_best="the label",
    reference_trivial="none",
    n_validation=N,
    n_test=N,
    cpu_seconds=10.0,
    memory_bytes=256 * MIB,
)

HUNTER = r"""
import ctypes, gc, os, re, sys

LABEL = re.compile(rb"label:[0-9a-f]{32}")
OWN = "label:" + "%032x" % 0
KEPT = [OWN, {"own": OWN}]  # found by every way that looks at all


def texts(thing, depth):
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, bytes):
        yield thing.decode("latin-1")
    elif depth and isinstance(thing, (list, tuple, set, frozenset)):
        for item in list(thing):
            yield from texts(item, depth - 1)
    elif depth and type(thing) is dict:
        for item in list(thing.items()):
            yield from texts(item, depth - 1)


def in_frames():
    frame = sys._getframe()
    while frame is not None:
        yield from texts([dict(frame.f_locals), dict(frame.f_globals)], 6)
        frame = frame.f_back


def in_objects():
    for thing in gc.get_objects() + [part for thing in gc.get_objects() for part in gc.get_referents(thing)]:
        yield from texts(thing, 2)


def in_modules():
    for module in list(sys.modules.values()):
        yield from texts(dict(vars(module)) if module is not None else None, 4)


def in_memory():
    # `write` reports an address that is not mapped instead of crashing: all that surrounds a known object is read.
    libc, (out, into), block, page = ctypes.CDLL(None), os.pipe(), 65536, 4096
    libc.write.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t]
    places = {id(thing) for thing in gc.get_objects()} | {id(OWN), id(LABEL), ctypes.addressof(ctypes.c_char(0))}
    regions = {place >> 20 << 20 for place in places}
    regions |= {region + step * 2**20 for region in list(regions) for step in (-2, -1, 1, 2)}
    before = b""
    for start in sorted(regions):
        for address in range(start, start + 2**20, block):
            got = libc.write(into, address, block)
            data = os.read(out, block) if got > 0 else b""
            for at in range(address + max(got, 0), address + block, page):  # what begins within a block
                data += os.read(out, page) if libc.write(into, at, page) > 0 else b""
            for found in LABEL.findall(before[-64:] + data):
                yield found.decode()
            before = data


def hunt(way):
    return {text for text in globals()["in_" + way]() if LABEL.fullmatch(text.encode("utf-8", "replace"))}


FOUND = {}


def f(number):
    if not FOUND:
        FOUND[WAY] = hunt(WAY)
        print(OWN in FOUND[WAY], len(FOUND[WAY]))
    return min(FOUND[WAY] - {OWN}, default="")
"""

WAYS = ("frames", "objects", "modules", "memory")

NAIVE_HARNESS = """
import json, random, sys, types
utility, program = json.load(sys.stdin)
task = types.ModuleType("task"); sys.modules["task"] = task
exec(utility, task.__dict__)
task.drawn = task.instances("validation", random.Random(5), 3)
names = {"__name__": "program"}
exec(program, names)
answers = []
for arguments, hidden in task.drawn:
    answers.append(names["f"](*arguments))
sys.stderr.write(json.dumps([max(task.score(a, h, answer) for a, h in task.drawn) for answer in answers]))
"""


def hunter(way: str) -> str:
    return f"WAY = {way!r}\n{HUNTER}"


@pytest.mark.parametrize("way", WAYS)
def test_where_program_and_scorer_share_a_process_a_label_is_found(way: str) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", NAIVE_HARNESS],
        input=json.dumps([UTILITY, hunter(way)]),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(finished.stderr) == [1.0] * N


@pytest.mark.parametrize("way", WAYS)
def test_in_the_isolation_no_label_is_found(evaluate: Any, draw: Draw, way: str) -> None:
    evaluation = evaluate(LABELS, hunter(way))
    assert (evaluation.outcome, evaluation.message) == (Outcome.OK, "")
    assert evaluation.scores == (0.0,) * N
    assert evaluation.printed == "True 1\n"  # its own, and no other


def test_no_label_is_left_in_the_worker_that_another_task_s_code_ran_in(run: Any, sandbox: Any, evaluate: Any) -> None:
    """The scorer's process and the program's are children of the same zygotes."""
    evaluate(LABELS, LABELS.seed_solution)
    twin = dataclasses.replace(LABELS, utility_source=UTILITY.replace("label:", "other:"))
    evaluation = evaluate(twin, hunter("memory"))
    assert evaluation.printed == "True 1\n"


GUESSER = """
import hashlib, random, sys


def rng_seed_of(*parts):
    text = "\\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def instances(split, rng, n):
    return [((rng.getrandbits(60),), f"label:{rng.getrandbits(128):032x}") for _ in range(n)]


def own_seed():
    frame = sys._getframe()
    while frame is not None:
        order = frame.f_locals.get("order")
        if hasattr(order, "rng_seed"):
            return order.rng_seed
        frame = frame.f_back


def likely_seeds():
    given = own_seed()
    yield from (given, given * 2, given * 2 + 1, given ^ 1, given + 1, given - 1)
    yield from range(10_001)
    for run_seed in [*range(200), given]:
        for key in ("a test", "improve", "evaluate", "check"):
            for split in ("validation", "test", "fresh"):
                yield rng_seed_of("instances", "labels", split, key, run_seed)


def labels_of(number):
    for seed in likely_seeds():
        made = instances("", random.Random(seed), 3)
        if made[0][0][0] == number:
            return {arguments[0]: hidden for arguments, hidden in made}
    return {}


KNOWN = {}


def f(number):
    if not KNOWN:
        KNOWN.update(labels_of(number) or {None: None})
    return KNOWN.get(number) or ""
"""

UNGUESSABLE = 0x8F3C_52D1_9B07_E64A_7755_03CE_A1B2_94D8
"""As many bits as a run's seed has that nobody chose."""


@pytest.mark.parametrize("split", ["validation", "test", "fresh"])
def test_labels_follow_from_no_seed_that_a_program_has_or_that_is_likely(evaluate: Any, split: Any) -> None:
    evaluation = evaluate(LABELS, GUESSER, on=Draw(split=split, key="a test", rng_seed=UNGUESSABLE))
    assert (evaluation.outcome, evaluation.scores) == (Outcome.OK, (0.0,) * N)


@pytest.mark.parametrize("split", ["validation", "test", "fresh"])
def test_a_seed_that_is_a_small_number_can_be_guessed(evaluate: Any, split: Any) -> None:
    """The control: this is why a run's seed is drawn at random unless somebody chose it."""
    evaluation = evaluate(LABELS, GUESSER, on=Draw(split=split, key="a test", rng_seed=100))
    assert evaluation.scores == (1.0,) * N
