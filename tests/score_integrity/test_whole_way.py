"""Programs made of hostile parts, through the real isolation: each fails, or has exactly what its answers are worth.

The parts lie to the code around them, leave things behind, look for what is hidden and speak on the wire themselves.
Honest programs run before, between and after them, and are scored bit for bit alike.
"""

from __future__ import annotations

import asyncio
import random
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from selftaught.errors import Outcome
from selftaught.source import rng_seed_of
from selftaught.task_definition import MIB, Task
from selftaught.utility import Draw, Evaluation, open_utility

N = 4

UTILITY = '''
"""Multiply each number by a factor that is not shown. Its share of the score is what an answer is near to that."""

Answer = list[float]


def instances(split, rng, n):
    return [
        (([rng.randint(1, 99) for _ in range(5)],), {"tag": "the hidden factor", "factor": rng.uniform(2, 9)})
        for _ in range(n)
    ]


def score(arguments, hidden, answer):
    (numbers,) = arguments
    if len(answer) != len(numbers):
        raise ValueError("every number needs one answer")
    right = [hidden["factor"] * number for number in numbers]
    return 1 / (1 + sum(abs(given - wanted) for given, wanted in zip(answer, right)))
'''

TASK = Task(
    name="factors",
    entry="f",
    summary="multiply by a factor that is not shown",
    seed_solution="def f(numbers):\n    return [3 * number for number in numbers]\n",
    utility_source=UTILITY,
    reference_best="the factor",
    reference_trivial="none",
    n_validation=N,
    n_test=N,
    cpu_seconds=0.3,
    memory_bytes=128 * MIB,
)

DRAW = Draw(split="validation", key="the whole way", rng_seed=7)

HONEST = """
import builtins, decimal, gc, json, math, os, random, sys, threading
import numpy as np


def f(numbers):
    # Whatever another program left behind anywhere that a child inherits would change these answers.
    left = [hasattr(builtins, "planted"), hasattr(json, "planted"), "planted" in sys.modules, "PLANTED" in os.environ,
            len(gc.callbacks), not gc.isenabled(), threading.active_count() != 1, sys.gettrace() is not None,
            decimal.getcontext().prec != 28, np.geterr()["over"] == "ignore", sys.getrecursionlimit() < 900]
    noise = random.random() + np.random.random() + np.random.default_rng().random() + hash("selftaught") % 7
    order = {name: place for place, name in enumerate({"a", "b", "c", "d"})}["a"]
    return [4 * n + sum(left) * 1e3 + noise + order + 0.1 * 3 + math.fsum([1e16, 1, -1e16]) for n in numbers]
"""

CORES: dict[str, Callable[[int], float]] = {
    "2 * n": lambda n: 2 * n,
    "n + 1": lambda n: n + 1,
    "0": lambda n: 0,
    "5.5 * n": lambda n: 5.5 * n,
}
"""What a program answers for a number, as text and as the test computes it."""

ZEROS = [0.0] * 5
FRAME = "def frame(body):\n    import socket\n    s = socket.socket(fileno=3)\n" \
        "    s.sendall(len(body).to_bytes(4, 'big') + body)\n    s.detach()\n" \
        "from msgspec import msgpack as wire_format\npacked = wire_format.encode\n"  # fmt: skip

WHEN_LOADED = {
    "numpy lies": "import numpy as np\nnp.array = np.asarray = np.isnan = lambda *a, **k: 1\nnp.ndarray = list",
    "json lies": "import json\njson.dumps = lambda *a, **k: '1e9'\njson.loads = lambda *a, **k: 1e9",
    "the clock stands": "import time\ntime.monotonic = time.perf_counter = time.process_time = lambda: 0.0",
    "the clock runs": "import time, itertools\ntime.monotonic = itertools.count(0, 10**6).__next__",
    "random numbers lie": "import random\nrandom.seed = lambda *a: None\nrandom.Random = lambda *a: random\n"
    "random.randint = lambda a, b: a",
    "builtins lie": "import builtins\nbuiltins.sum = builtins.abs = builtins.len = lambda *a, **k: 0\n"
    "builtins.zip = lambda *a, **k: []\nbuiltins.isinstance = lambda *a: True",
    "float lies": "import builtins\nbuiltins.float = lambda *a: 1e9\nbuiltins.max = builtins.min = lambda *a, **k: 1",
    "the message format lies": "import msgspec\nmsgspec.convert = lambda thing, *a, **k: thing\n"
    "msgspec.msgpack.decode = lambda *a, **k: {'scores': [1.0]}",
    "the wire lies": "import sys\nw = sys.modules.get('selftaught.worker.wire')\nw.MAX_FRAME_BYTES = 2 ** 40\n"
    "w.WireError = ValueError",
    "messages lie": "import sys\nm = sys.modules.get('selftaught.worker.messages')\n"
    "m.Scores, m.Finished = m.Finished, m.Scores\nm.Answers.scores = [1.0] * 4",
    "plants a module": "import sys, builtins, json\nsys.modules['planted'] = sys\nbuiltins.planted = json.planted = 1",
    "plants in the environment": "import os\nos.environ['PLANTED'] = '1'\nos.putenv('PLANTED', '1')",
    "leaves a thread": "import threading, time\nthreading.Thread(target=lambda: time.sleep(9), daemon=False).start()",
    "leaves a busy thread": "import threading\ndef busy():\n    while True: pass\n"
    "threading.Thread(target=busy, daemon=True).start()",
    "leaves for the exit": "import atexit\natexit.register(lambda: print('late'))",
    "listens to the collector": "import gc\ngc.callbacks.append(lambda *a: None)\ngc.disable()",
    "takes signals": "import signal\nfor number in (2, 10, 14, 15):\n    signal.signal(number, lambda *a: None)\n"
    "signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)",
    "traces": "import sys\nsys.settrace(lambda *a: None)\nsys.setprofile(lambda *a: None)",
    "changes how numbers work": "import decimal, sys, numpy as np\ndecimal.getcontext().prec = 1\n"
    "np.seterr(all='ignore')\nsys.setrecursionlimit(300)",
    "rounds down": "import ctypes, ctypes.util\ntry:\n    ctypes.CDLL('libm.so.6').fesetround(0x400)\n"
    "except OSError:\n    pass",
    "prints what looks like a score": "print('{\"value\": 1e9}')\nimport sys\nsys.stdout.write('score 1e9\\n' * 999)",
    "closes the channel": "import os\nos.close(3)",
    "sends scores": "frame(packed({'type': 'scores', 'scores': [1e9] * 4, 'rejected': None}))",
    "sends half a frame": "import socket\ns = socket.socket(fileno=3)\ns.sendall(bytes([0, 0, 0, 9, 1]))\ns.detach()",
    "sends an end": "frame(packed({'type': 'finished', 'printed': ''}))",
    "sends an end with more in it": "frame(packed({'type': 'finished', 'printed': '', 'value': 1e9}))",
    "sends answers of zeros": "frame(packed({'type': 'answers', 'answers': [[0.0] * 5] * 4}))",
    "sends an answer of zeros": "frame(packed({'type': 'answers', 'answers': [[0.0] * 5]}))",
    "sends all and an end": "frame(packed({'type': 'answers', 'answers': [[0.0] * 5] * 4}))\n"
    "frame(packed({'type': 'finished', 'printed': ''}))",
    "sends what is no number": "frame(packed({'type': 'answers', 'answers': [[float('nan')] * 5]}))",
    "sends a pair as an array": "import numpy as np\nfrom selftaught.worker import wire\n"
    "body = wire.encode({'type': 'answers', 'answers': [np.zeros((5, 1))]})[4:]\nframe(body)",
    "sends a long way round": "frame(packed({'type': 'answers', 'answers': [{'scores': 1e9}, [[[[]]]], '1', None]}))",
}
"""What a program does before it is called."""

WHEN_CALLED = {
    "empties its input": "del numbers[:]",
    "blanks its input": "numbers[:] = [0] * len(numbers)",
    "turns the list of inputs round": "import sys\nlocals_of(2).get('inputs', []).reverse()",
    "answers for all": "import sys\npending = locals_of(2).get('pending')\npending is not None and pending.clear()",
    "looks through the frames": "result = found_in(frames()) or result",
    "looks through the collector": "import gc\nresult = found_in(gc.get_objects()) or result",
    "looks through the modules": "result = found_in([vars(m) for m in [*system.modules.values()] if m]) or result",
    "tries seeds": "result = from_seeds(range(50)) or result",
    "tries its own seed": "result = from_seeds([getattr(locals_of(4).get('order'), 'rng_seed', 0)]) or result",
    "prints": "print(result)",
    "raises": "raise RuntimeError('score: 1e9')",
    "leaves as if all were well": "raise SystemExit(0)",
    "ends its process": "import os\nos._exit(0)",
    "stops iterating": "raise StopIteration",
    "works on": "[n * n for n in range(200_000)]",
}
"""What it does when it is called, after it has computed `result` from `numbers`."""

RETURNS = {
    "result": "result",
    "a tuple": "tuple(result)",
    "an array": "__import__('numpy').array(result, dtype='f8')",
    "floats that equal everything": "[Equal(number) for number in result]",
    "a list that lies about its length": "Long(result)",
    "an object that is an array": "AsArray()",
    "an object with a way to be pickled": "Reduced()",
    "a column": "__import__('numpy').array(result, dtype='f8')[:, None]",
    "objects": "__import__('numpy').array([Equal(number) for number in result], dtype=object)",
    "a generator": "(number for number in result)",
    "one too many": "[*result, 1e9]",
    "a dictionary": "{'scores': result}",
    "the answer to everything": "Equal(1e9)",
    "a list that holds itself": "itself",
    "None": "None",
}

PRELUDE = """
import random as chance, sys as system


def locals_of(depth):
    frame = system._getframe(1)
    for _ in range(depth - 1):
        frame = frame and frame.f_back
    return frame.f_locals if frame else {}


def frames():
    frame = system._getframe(1)
    while frame:
        yield frame.f_locals
        frame = frame.f_back


def found_in(things):
    for thing in things:
        inside = list(thing.values()) if type(thing) is dict else [thing]
        for one in inside:
            if type(one) is dict and str(one.get("tag")).startswith("the hidden"):
                return [one["factor"] * number for number in GIVEN]


def from_seeds(seeds):
    for seed in seeds:
        rng = chance.Random(seed)
        numbers = [rng.randint(1, 99) for _ in range(5)]
        if numbers == GIVEN:
            return [rng.uniform(2, 9) * number for number in numbers]


class Equal(float):
    __eq__ = __ge__ = __le__ = lambda self, other: True
    __sub__ = __rsub__ = __abs__ = lambda self, *other: 0.0
    __hash__ = float.__hash__


class Long(list):
    __len__ = lambda self: 5
    __eq__ = lambda self, other: True


class AsArray:
    def __array__(self, *args, **kwargs):
        return system.modules["numpy"].zeros(5)


class Reduced:
    def __reduce__(self):
        return (print, ("unpickled",))


itself = []
itself.append(itself)
GIVEN = []
"""


@dataclass(frozen=True)
class Program:
    """A hostile program: its text, and which answers it may be scored for, by number of its input."""

    parts: tuple[str, ...]
    text: str
    core: Callable[[int], float]
    """What it answers for one number, unless one of its parts spoke first."""

    def __repr__(self) -> str:
        return " + ".join(self.parts)


@st.composite
def programs(draw: Any) -> Program:
    """A hostile program of one to seven parts."""
    loaded = draw(st.lists(st.sampled_from(sorted(WHEN_LOADED)), max_size=4, unique=True))
    called = draw(st.lists(st.sampled_from(sorted(WHEN_CALLED)), max_size=3, unique=True))
    returned = draw(st.sampled_from(["result", *RETURNS]))
    core = draw(st.sampled_from(sorted(CORES)))
    return made_of(tuple(loaded), tuple(called), returned, core)


def made_of(loaded: tuple[str, ...], called: tuple[str, ...], returned: str, core: str) -> Program:
    body = "\n".join(WHEN_CALLED[name] for name in called)
    text = (
        PRELUDE + FRAME + "\n".join(WHEN_LOADED[name] for name in loaded) + "\n\n\ndef f(numbers):\n"
        f"    GIVEN[:] = numbers\n    result = [{core} for n in numbers]\n"
        + "".join(f"    {line}\n" for line in body.splitlines())
        + f"    return {RETURNS[returned]}\n"
    )
    return Program(parts=(*loaded, *called, returned, core), text=text, core=CORES[core])


def truth() -> list[tuple[list[int], float]]:
    """The numbers and the factor of each instance, drawn here once more."""
    rng = random.Random(rng_seed_of("instances", TASK.name, DRAW.split, DRAW.key, DRAW.rng_seed))
    return [([rng.randint(1, 99) for _ in range(5)], rng.uniform(2, 9)) for _ in range(N)]


def worth(numbers: list[int], factor: float, answer: list[float]) -> float:
    return 1 / (1 + sum(abs(given - factor * number) for given, number in zip(answer, numbers, strict=True)))


def assert_no_gain(program: Program, evaluation: Evaluation) -> None:
    """Every score is that of the program's own answer, or of the zeros that it sent itself; no value without all."""
    shifted = any(part.startswith(("sends", "turns", "answers for")) for part in program.parts)
    for (numbers, factor), score in zip(truth(), evaluation.scores, strict=False):
        own = [[program.core(n) for n in numbers]]
        if shifted:  # an answer comes for another input than the one that it is meant for
            own += [[program.core(n) for n in others] for others, _ in truth()]
        zeros = worth(numbers, factor, ZEROS)
        # What it sends through its own patched functions may be worth less than zeros, which is no gain.
        is_worse = score is not None and score < zeros
        assert is_worse or score in [None, zeros, *(worth(numbers, factor, answer) for answer in own)]
    if evaluation.outcome is Outcome.OK:
        assert len(evaluation.scores) == N
        assert evaluation.value == pytest.approx(statistics.fmean(evaluation.scores), rel=1e-15)
    else:
        assert evaluation.value is None
        assert evaluation.message


@pytest.fixture(scope="module")
def honest(evaluate: Callable[..., Any]) -> Evaluation:
    """What an honest program is worth that shows every trace left by another."""
    evaluation = evaluate(TASK, HONEST, on=DRAW)
    assert evaluation.outcome is Outcome.OK, evaluation.message
    return evaluation


@pytest.fixture(scope="module")
def judged(run: Any, sandbox: Any, honest: Evaluation) -> Callable[[list[Program]], list[Evaluation]]:
    """Evaluates hostile programs with honest ones before, between and after them, all in one sandbox."""
    n_honest = [0]

    def another() -> str:
        n_honest[0] += 1
        return f"{HONEST}# {n_honest[0]}"

    async def at_once(programs: list[Program]) -> list[Evaluation]:
        async with open_utility(TASK, sandbox) as utility:
            before = await utility.evaluate(another(), DRAW)
            mixed = [text for program in programs for text in (program.text, another())]
            together = await asyncio.gather(*(utility.evaluate(text, DRAW) for text in mixed))
            after = await utility.evaluate(another(), DRAW)
        for evaluation in (before, *together[1::2], after):
            assert (evaluation.outcome, evaluation.message) == (Outcome.OK, "")
            assert evaluation.scores == honest.scores
        return together[::2]

    return lambda programs: run(at_once(programs))


def test_the_honest_program_is_worth_what_its_answers_are(honest: Evaluation) -> None:
    assert None not in honest.scores
    assert len(set(honest.scores)) == N


PARTS = [
    *(((name,), (), "result") for name in WHEN_LOADED),
    *(((), (name,), "result") for name in WHEN_CALLED),
    *(((), (), name) for name in RETURNS),
]


@pytest.mark.parametrize("parts", PARTS, ids=lambda parts: "".join((*parts[0], *parts[1])) or f"returns {parts[2]}")
def test_each_part_alone_gains_nothing(judged: Any, parts: Any) -> None:
    programs = [made_of(*parts, core) for core in ("2 * n", "0")]
    for program, evaluation in zip(programs, judged(programs), strict=True):
        assert_no_gain(program, evaluation)


def test_most_parts_do_their_harm_in_programs_that_are_scored(judged: Any) -> None:
    """Else this file would only show that broken programs fail."""
    programs = [made_of(*parts, "2 * n") for parts in PARTS]
    assert sum(evaluation.outcome is Outcome.OK for evaluation in judged(programs)) >= len(programs) / 3


@settings(deadline=None, database=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(programs=st.lists(programs(), min_size=1, max_size=3))
def test_parts_together_gain_nothing(judged: Any, programs: list[Program]) -> None:
    for program, evaluation in zip(programs, judged(programs), strict=True):
        assert_no_gain(program, evaluation)
