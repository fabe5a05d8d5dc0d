"""Answers of every kind to the bundled tasks: scored exactly as an independent reading of the task says, or refused.

No score is out of the range that the task states.

`worth` of each task below is written from the task's text, not from its scorer; it raises for what is no answer.
"""

from __future__ import annotations

import itertools
import math
import random
import sys
import types
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import selftaught
from selftaught.task_definition import bundled_task_names, find_task
from selftaught.worker import program, wire
from selftaught.worker.messages import Inputs, InputsRequest, ScoreRequest, Scores
from selftaught.worker.task import TaskCode

FOLDER = Path(selftaught.__file__).parent / "tasks"
LABELS = ("lpn", "lpn_hard", "parity", "parity_hard")
TEXTS = ("string_grid", "string_grid_hard")
PLACES = ("quadratic_assignment", "quadratic_assignment_hard")
FORMULAS = ("three_sat", "three_sat_hard")
GRAPHS = ("maxcut", "maxcut_hard")
N = 3
CAPACITY = 100
RULE_TASKS = ("bin_packing", "dispatch", "job_shop", "knapsack", "tsp_construct")
TIED = 1e-9
QUICK = settings(deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class NoAnswer(Exception):
    """What was given is no answer to the instance."""


def require(condition: object) -> None:
    if not condition:
        raise NoAnswer


def whole_numbers(answer: Any) -> list[int]:
    require(type(answer) is list and all(type(number) is int for number in answer))
    return answer


def permutation(answer: Any, size: int) -> list[int]:
    require(len(whole_numbers(answer)) == size and set(answer) == {*range(size)})
    return answer


def relative(trivial: float, reached: float, best: float) -> float:
    return max(-1.0, (trivial - reached) / (trivial - best))


def worth_of_dispatch(arguments: Any, hidden: Any, answer: Any) -> float:
    [jobs] = arguments
    ends = list(itertools.accumulate(jobs[number][0] for number in permutation(answer, len(jobs))))
    late = [max(0, end - jobs[number][1]) for number, end in zip(answer, ends, strict=True)]
    return relative(hidden[0], sum(jobs[number][2] * by for number, by in zip(answer, late, strict=True)), hidden[1])


def worth_of_bin_packing(arguments: Any, hidden: Any, answer: Any) -> float:
    items, capacity = arguments
    require(len(whole_numbers(answer)) == len(items))
    loads = Counter[int]()
    for item, number in zip(items, answer, strict=True):
        loads.update({number: item})
    require(all(load <= capacity for load in loads.values()))
    return relative(hidden[0], len(set(answer)), hidden[1])


def worth_of_knapsack(arguments: Any, hidden: Any, answer: Any) -> float:
    items, capacities = arguments
    require(len(set(whole_numbers(answer))) == len(answer) and all(0 <= number < len(items) for number in answer))
    taken = [items[number] for number in answer]
    for resource, capacity in enumerate(capacities):
        require(sum(weights[resource] for _, weights in taken) <= capacity)
    return relative(-hidden[0], -sum(value for value, _ in taken), -hidden[1])


def worth_of_lpn(arguments: Any, hidden: Any, answer: Any) -> float:
    if answer == "late":
        return 0.0
    require(type(answer) is list and all(type(label) in (int, float) and label in (0, 1) for label in answer))
    require(len(answer) == len(hidden))
    return float(np.mean(np.array(answer) == np.array(hidden)))


def worth_of_tsp_construct(arguments: Any, hidden: Any, answer: Any) -> float:
    [cities] = arguments
    require(permutation(answer, len(cities))[0] == 0)
    legs = zip(answer, [*answer[1:], 0], strict=True)
    return relative(hidden[0], math.fsum(math.dist(cities[a], cities[b]) for a, b in legs), hidden[1])


def worth_of_job_shop(arguments: Any, hidden: Any, answer: Any) -> float:
    [jobs] = arguments
    require(type(answer) is list and all(type(pair) in (list, tuple) and len(pair) == 2 for pair in answer))
    left = {number: list(operations) for number, operations in enumerate(jobs)}
    busy: list[tuple[object, int, int]] = []
    for number, start in answer:
        require(type(number) is int and type(start) is int and start >= 0 and left.get(number))
        machine, time = left[number].pop(0)
        busy += [(f"machine {machine}", start, start + time), (f"job {number}", start, start + time)]
    require(not any(left.values()))
    for (one, begin, end), (other, other_begin, other_end) in itertools.combinations(busy, 2):
        require(one != other or end <= other_begin or other_end <= begin)
    return relative(hidden[0], max(end for _, _, end in busy), hidden[1])


worth_of_parity = worth_of_lpn_hard = worth_of_parity_hard = worth_of_lpn


def off(text: Any, strings: list[str], distances: list[int]) -> float:
    """How far a text is from its distances on average, in places."""
    require(type(text) is str and len(text) == len(strings[0]) and text.strip("AB") == "")
    errors = []
    for other, distance in zip(strings, distances, strict=True):
        differing = [letter != there for letter, there in zip(text, other, strict=True)]
        switches = [before != after for word in (text, other) for before, after in itertools.pairwise(word)]
        errors.append(abs(sum(differing) + sum(switches) - distance))
    return sum(errors) / len(errors)


def worth_of_string_grid_hard(arguments: Any, hidden: Any, answer: Any) -> float:
    if answer == "late":
        return 0.0
    error = off(answer, *arguments)
    return 0.5 - error / 6 / len(answer) if error else 1.0


def worth_of_string_grid(arguments: Any, hidden: Any, answer: Any) -> float:
    return worth_of_string_grid_hard(([arguments[0]], [arguments[1]]), hidden, answer)


def gained(arguments: Any, answer: Any) -> float:
    """What an assignment of facilities to places is worth, pair by pair."""
    flows, distances, preferences = arguments
    at = np.array(permutation(answer, len(flows)))
    return float((flows * distances[at][:, at]).sum() - preferences[np.arange(len(at)), at].sum() / 2)


def worth_of_quadratic_assignment(arguments: Any, hidden: Any, answer: Any) -> float:
    return 0.0 if answer == "late" else gained(arguments, answer) / arguments[0].size


def worth_of_quadratic_assignment_hard(arguments: Any, hidden: Any, answer: Any) -> float:
    if answer == "late":
        return 0.0
    flows, distances, preferences = arguments
    size, others = len(flows), ~np.eye(len(flows), dtype=bool)
    mean = flows[others].sum() * distances[others].mean() + flows.diagonal().sum() * distances.diagonal().mean()
    return float(gained(arguments, answer) - mean + size * preferences.mean() / 2) / 144.5


def worth_of_three_sat(arguments: Any, hidden: Any, answer: Any) -> float:
    if answer in ("late", "not found"):
        return 0.0
    [formula] = arguments
    require(type(answer) is list and all(type(value) is bool for value in answer))
    require(len(answer) == max(abs(literal) for clause in formula for literal in clause))
    true = {number if value else -number for number, value in enumerate(answer, 1)}
    return 1.0 if all(true.intersection(clause) for clause in formula) else 0.0


worth_of_three_sat_hard = worth_of_three_sat


def cut(adjacency: Any, answer: Any) -> float:
    require(type(answer) is list and all(type(part) in (int, float) and part in (0, 1) for part in answer))
    require(len(answer) == len(adjacency))
    sides = np.array(answer)
    return float(np.triu(adjacency, 1)[sides[:, None] != sides].sum(dtype=float))


def worth_of_maxcut(arguments: Any, hidden: Any, answer: Any) -> float:
    return 0.0 if answer == "late" else cut(*arguments, answer) / float(np.triu(*arguments).sum())


def worth_of_maxcut_hard(arguments: Any, hidden: Any, answer: Any) -> float:
    if answer == "late":
        return -1.0
    best = float(np.triu(*arguments).sum(dtype=float)) / 2 + 13930
    return relative(-hidden, -cut(*arguments, answer), -best)


WORTH: dict[str, Callable[[Any, Any, Any], float]] = {
    name.removeprefix("worth_of_"): value for name, value in [*globals().items()] if name.startswith("worth_of_")
}

SMALL = {
    "dispatch": "(([(rng.randint(1, 9), rng.randint(1, 20), rng.randint(1, 5)) for _ in range(4)],), (300.0, 0.5))",
    "bin_packing": "(([rng.randint(20, 70) for _ in range(5)], 100), (9, 1))",
    "knapsack": (
        "(([(rng.randint(1, 50), [rng.randint(1, 50) for _ in range(5)]) for _ in range(5)], [100] * 5), (0, 250.0))"
    ),
    "job_shop": "(([[(m, rng.randint(1, 9)) for m in rng.sample(range(2), 2)] for _ in range(3)],), (90.0, 1))",
    "tsp_construct": "(([(rng.random(), rng.random()) for _ in range(5)],), (9.0, 0.5))",
    **dict.fromkeys(
        ("lpn", "parity", "lpn_hard", "parity_hard"),
        "((np.zeros((1, 2), dtype=int), np.zeros(1, dtype=int), np.zeros((5, 2), dtype=int)), [0, 1, 1, 0, 1])",
    ),
    "string_grid": "(('ABBAB', rng.randint(4, 11)), None)",
    "string_grid_hard": "((['ABBAB', 'BAAAB'], [rng.randint(4, 11), rng.randint(3, 10)]), None)",
    **dict.fromkeys(
        ("quadratic_assignment", "quadratic_assignment_hard"),
        "(tuple(np.array([[[rng.random() for _ in range(4)] for _ in range(4)] for _ in range(3)])), None)",
    ),
    **dict.fromkeys(
        ("three_sat", "three_sat_hard"),
        "(([[rng.choice((v, -v)) for v in rng.sample(range(1, 6), 3)] for _ in range(9)] + [[1, 2, 5]],), None)",
    ),
    "maxcut": "((random_graph(np.random.default_rng(rng.getrandbits(9)), 6),), None)",
    "maxcut_hard": "((random_graph(np.random.default_rng(rng.getrandbits(9)), 6).astype(np.float32),), 5.0)",
}
"""Instances so small that every answer can be tried."""


@dataclass(kw_only=True)
class Bench:
    """A task's own process, in this one: what it is asked, and the instances as the test knows them."""

    name: str
    code: TaskCode
    instances: list[tuple[Any, Any]]
    best: list[float] | None = None
    lowest: float = -math.inf
    highest: float = math.inf

    def scores(self, answers: list[Any]) -> Scores:
        """What is made of answers that crossed the wire."""
        request = ScoreRequest(split="validation", rng_seed=1, n_instances=N, answers=over_the_wire(answers))
        reply = self.code.serve(request)
        assert isinstance(reply, Scores), reply
        return reply

    def worth(self, index: int, answer: Any) -> float | None:
        """What an answer is worth as the test reads it; None if it is no answer."""
        arguments, hidden = self.instances[index]
        try:
            return WORTH[self.name](arguments, hidden, plain(over_the_wire(answer)))
        except NoAnswer:
            return None


def over_the_wire(thing: Any) -> Any:
    return wire.decode(wire.encode(thing)[wire.HEADER_BYTES :])


def plain(answer: Any) -> Any:
    return answer.tolist() if isinstance(answer, np.ndarray) else answer


def open_bench(name: str, *, small: bool = False) -> Bench:
    source = (FOLDER / name / "utility.py").read_text(encoding="utf-8")
    if small:
        source += f"\n\ndef instances(split, rng, n):\n    return [{SMALL[name]} for _ in range(n)]\n"
    reference = FOLDER / name / "reference.py"
    if reference.exists():
        program.load(reference.read_text(encoding="utf-8"), "reference")
    names: dict[str, Any] = types.ModuleType("the_same_once_more").__dict__
    exec(compile(source, name, "exec"), names)
    bench = Bench(name=name, code=TaskCode(source), instances=names["instances"]("validation", random.Random(1), N))
    task = find_task(name)  # the range that it states, in which every score has to be
    bench.lowest = bench.lowest if task.lowest is None else task.lowest
    bench.highest = bench.highest if task.highest is None else task.highest
    if small:
        every = [every_answer(name, arguments) for arguments, _ in bench.instances]
        worths = [[bench.worth(i, answer) for answer in every[i]] for i in range(N)]
        bench.best = [max(worth for worth in of_one if worth is not None) for of_one in worths]
    return bench


def every_answer(name: str, arguments: Any) -> Iterator[Any]:
    """All answers to a small instance, those that break a rule among them; of schedules, those without idling."""
    size = len(arguments[0])
    if name in ("dispatch", "tsp_construct", *PLACES):
        yield from map(list, itertools.permutations(range(size)))
    elif name == "bin_packing":
        yield from map(list, itertools.product(range(size), repeat=size))
    elif name == "knapsack":
        for n_taken in range(size + 1):
            yield from map(list, itertools.combinations(range(size), n_taken))
    elif name in LABELS:
        yield from map(list, itertools.product((0, 1), repeat=5))
    elif name in TEXTS:
        yield from map("".join, itertools.product("AB", repeat=5))
    elif name in FORMULAS:
        yield from map(list, itertools.product((False, True), repeat=5))
    elif name in GRAPHS:
        yield from map(list, itertools.product((0, 1), repeat=size))
    else:
        yield from (schedule(arguments[0], order) for order in set(itertools.permutations([0, 0, 1, 1, 2, 2])))


def schedule(jobs: list[list[tuple[int, int]]], order: Any) -> list[tuple[int, int]]:
    """Every operation as early as it can be, one after another in the order of `order`."""
    left, free = [list(job) for job in jobs], dict[str, int]()
    starts = []
    for number in order:
        machine, time = left[number].pop(0)
        start = max(free.get(f"job {number}", 0), free.get(f"machine {machine}", 0))
        free[f"job {number}"] = free[f"machine {machine}"] = start + time
        starts.append((number, start))
    return starts


def good_answer(name: str, arguments: Any, rng: random.Random) -> Any:
    """An answer that keeps all rules of the task, otherwise at random."""
    size = len(arguments[0])
    if name in LABELS:
        return [rng.randint(0, 1) for _ in arguments[2]]
    if name in TEXTS:
        length = len(arguments[0]) if name == "string_grid" else len(arguments[0][0])
        return "".join(rng.choice("AB") for _ in range(length))
    if name in FORMULAS:
        return [rng.random() < 0.5 for _ in range(max(abs(v) for clause in arguments[0] for v in clause))]
    if name in GRAPHS:
        return [rng.randint(0, 1) for _ in range(size)]
    if name == "tsp_construct":
        return [0, *rng.sample(range(1, size), size - 1)]
    if name == "bin_packing":
        rooms, bins = list[int](), list[int]()
        for item in arguments[0]:
            fitting = [number for number, room in enumerate(rooms) if room >= item]
            number = rng.choice(fitting) if fitting else len(rooms)
            rooms[number:] = rooms[number:] or [CAPACITY]
            rooms[number] -= item
            bins.append(number)
        return bins
    if name == "knapsack":
        free, taken = list(arguments[1]), []
        for number in rng.sample(range(size), size):
            weights = arguments[0][number][1]
            if all(weight <= room for weight, room in zip(weights, free, strict=True)):
                taken.append(number)
                free = [room - weight for room, weight in zip(free, weights, strict=True)]
        return taken
    if name in ("dispatch", *PLACES):
        return rng.sample(range(size), size)
    order = [number for number, job in enumerate(arguments[0]) for _ in job]
    return schedule(arguments[0], rng.sample(order, len(order)))


NUMBERS = st.one_of(
    st.integers(-3, 45),
    st.sampled_from([2**31, 2**32, 2**53 + 1, 2**63 - 1, -(2**63), 2**64 - 1]),
    st.booleans(),
    st.floats(),
    st.sampled_from([-0.0, 5e-324, 1e308, math.nan, math.inf, -math.inf]),
    st.sampled_from([None, "0", "", b"0", [], [0], [[]], {}, {"0": 0}]),
)
ANYTHING = st.recursive(
    NUMBERS, lambda part: st.lists(part, max_size=5) | st.dictionaries(st.text(max_size=2), part, max_size=3)
)
DTYPES = ("?", "i1", "u1", "i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f4", "<f8", ">i4", ">f8")
SHAPES: dict[str, Callable[[Any], Any]] = {
    "column": lambda array: array[:, None],
    "row": lambda array: array[None],
    "flat": lambda array: array.reshape(-1),
    "backwards": lambda array: array[::-1],
    "twice": lambda array: np.stack([array, array]),
    "one": lambda array: array[:1],
    "none at all": lambda array: array[:0],
    "a single number": lambda array: array.reshape(-1)[0].reshape(()) if array.size else array,
    "broadcast": lambda array: np.broadcast_to(array, (2, *array.shape)),
    "as it is": lambda array: array,
}


def in_first_number(make: Callable[[int], object], item: Any) -> Any:
    if type(item) is tuple:
        return (make(item[0]), *item[1:])
    return make(item) if type(item) is int else item


@st.composite
def changed(draw: Any, good: list[Any], size: int) -> Any:
    """A good answer after one to three changes that a hostile or a careless program might make to it."""
    answer = list(good)
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, max(0, len(answer) - 1)))
        match draw(st.sampled_from(["put", "twice", "drop", "swap", "wrap", "negative", "bool", "float"])):
            case "put":
                answer[place : place + 1] = [draw(NUMBERS)]
            case "twice":
                answer.insert(place, answer[draw(st.integers(0, len(answer) - 1))] if answer else 0)
            case "drop":
                del answer[place : place + 1]
            case "swap":
                answer[place:] = answer[place:][::-1]
            case "wrap":
                answer[place : place + 1] = [answer[place : place + 1]]
            case kind:
                make = {"negative": lambda n: n - size, "bool": bool, "float": float}[kind]
                answer[place : place + 1] = [in_first_number(make, item) for item in answer[place : place + 1]]
    return answer


@st.composite
def changed_text(draw: Any, good: str) -> Any:
    """A good string after a change: of its length, its letters, or what it is made of."""
    other = draw(st.sampled_from([good[:-1], good + "A", good * 2, "", good.lower(), good[::-1], "A" * len(good)]))
    letters = draw(st.text(st.sampled_from("ABC \x00Àа"), min_size=len(good), max_size=len(good)))
    return draw(st.sampled_from([other, letters, list(good), [good], good.encode(), {good: good}, "late"]))


@st.composite
def as_arrays(draw: Any, good: list[Any]) -> Any:
    """A good answer as an array of some dtype and shape; small dtypes wrap around."""
    with np.errstate(all="ignore"):
        array = np.array(good).astype(draw(st.sampled_from(DTYPES)))
    if array.size and draw(st.booleans()):
        with np.errstate(all="ignore"):
            array = array + draw(st.sampled_from([1, 100, 127])) * np.ones((), array.dtype)
    return SHAPES[draw(st.sampled_from(sorted(SHAPES)))](array)


@st.composite
def answers_to(draw: Any, bench: Bench) -> list[Any]:
    """An answer to each instance: good, changed, an array, or anything at all; at times one list for all of them."""
    answers = []
    for arguments, _ in bench.instances:
        good = good_answer(bench.name, arguments, random.Random(draw(st.integers(0, 99))))
        size = len(arguments[0])
        kinds = [st.just(good), changed(good, size), changed(good, size), as_arrays(good), ANYTHING]
        if bench.name in TEXTS:
            kinds = [st.just(good), changed_text(good), ANYTHING]
        elif bench.name not in RULE_TASKS:
            kinds.append(st.just("late"))
            kinds.append(st.just("not found"))
        answers.append(draw(draw(st.sampled_from(kinds))))
    return [answers[0]] * N if draw(st.integers(0, 9)) == 0 else answers


@pytest.fixture(scope="module", params=sorted(WORTH))
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """Each bundled task in turn, on its ordinary instances."""
    yield open_bench(request.param)
    forget()


@pytest.fixture(scope="module", params=sorted(WORTH))
def small_bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """Each bundled task in turn, on instances whose best answer is known."""
    yield open_bench(request.param, small=True)
    forget()


def forget() -> None:
    for name in ("__utility__", "reference"):
        sys.modules.pop(name, None)


def assert_exact(bench: Bench, answers: list[Any]) -> list[float | None]:
    """Every answer has its worth, or has none and is refused; returns the scores."""
    reply = bench.scores(answers)
    for index, (answer, score) in enumerate(zip(answers, reply.scores, strict=True)):
        if score is not None:
            assert type(score) is float and math.isfinite(score)
            assert score == pytest.approx(bench.worth(index, answer), abs=TIED)
            assert bench.lowest - TIED <= score <= bench.highest + TIED
    assert (reply.rejected is None) == (None not in reply.scores)
    return reply.scores


def test_every_bundled_task_is_here() -> None:
    assert set(WORTH) == set(SMALL) == set(bundled_task_names())


@pytest.mark.parametrize("name", sorted(WORTH))
def test_the_best_of_all_answers_is_within_the_stated_range(name: str) -> None:
    bench = open_bench(name, small=True)
    assert bench.best is not None
    assert bench.lowest < max(bench.best) <= bench.highest + TIED
    forget()


def test_a_good_answer_has_its_exact_worth(bench: Bench) -> None:
    for key in range(20):
        rng = random.Random(key)
        answers = [good_answer(bench.name, arguments, rng) for arguments, _ in bench.instances]
        assert None not in assert_exact(bench, answers)


@pytest.mark.parametrize("index", range(N))
def test_what_breaks_a_rule_is_refused_and_only_that(small_bench: Bench, index: int) -> None:
    """Over every answer to a small instance."""
    for answer in itertools.islice(every_answer(small_bench.name, small_bench.instances[index][0]), 800):
        scores = small_bench.scores([answer] * N).scores
        assert scores[index] == (None if small_bench.worth(index, answer) is None else pytest.approx(
            small_bench.worth(index, answer), abs=TIED))  # fmt: skip


@settings(QUICK, max_examples=120)
@given(data=st.data())
def test_an_answer_of_any_kind_has_its_worth_or_is_refused(bench: Bench, data: st.DataObject) -> None:
    answers = data.draw(answers_to(bench))
    together = assert_exact(bench, answers)
    assert bench.scores(answers).scores == together  # the same once more
    alone = [bench.scores([None] * index + [answers[index]]).scores[index] for index in range(N)]
    assert alone == together  # whatever else is scored
    good = [good_answer(bench.name, arguments, random.Random(0)) for arguments, _ in bench.instances]
    assert None not in assert_exact(bench, good)  # nothing is left behind


@settings(QUICK, max_examples=80)
@given(data=st.data())
def test_no_answer_scores_above_the_best_there_is(small_bench: Bench, data: st.DataObject) -> None:
    assert small_bench.best is not None
    for score, best in zip(
        assert_exact(small_bench, data.draw(answers_to(small_bench))), small_bench.best, strict=True
    ):
        assert score is None or score <= best + TIED


def test_the_instances_are_what_they_were_after_all_of_this(bench: Bench) -> None:
    reply = bench.code.serve(InputsRequest(split="validation", rng_seed=1, n_instances=N))
    assert isinstance(reply, Inputs)
    assert wire.encode(reply.inputs) == wire.encode([arguments for arguments, _ in bench.instances])
