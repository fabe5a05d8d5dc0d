"""Utilities: what a solution is worth, whatever it does, and whoever runs beside it."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import math
import re
from pathlib import Path

import pytest

from selftaught import utility as utility_module
from selftaught.errors import Outcome, TaskError
from selftaught.utility import Draw, open_utility

PROGRAMS = sorted((Path(__file__).parent / "programs" / "solutions").glob("*.py"))
PERFECT = "def double(numbers):\n    return [2 * number for number in numbers]\n"
ENDLESS = "def double(numbers):\n    while True:\n        pass\n"
EXITS = "import os\ndef double(numbers):\n    os._exit(1)\n"
PRINTED_CHARACTERS = 4096


def header(path: Path, key: str) -> str | None:
    found = re.search(rf"^# {key}: (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else None


@pytest.fixture(scope="module")
def together(evaluate, doubling):
    """How every broken program was evaluated, all at the same time, with honest ones between them."""

    @functools.cache
    def together():
        broken = [path.read_text(encoding="utf-8") for path in PROGRAMS]
        honest = [f"{PERFECT}# {number}" for number in range(len(broken))]
        mixed = [program for pair in zip(broken, honest, strict=True) for program in pair]
        evaluations = evaluate(doubling, *mixed)
        names = [path.stem for path in PROGRAMS]
        return dict(zip(names, evaluations[::2], strict=True)), evaluations[1::2]

    return together


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_broken_solution_ends_as_it_should(path, together):
    evaluation = together()[0][path.stem]
    assert re.fullmatch(header(path, "expect"), evaluation.outcome), evaluation.message
    if evaluation.outcome is Outcome.OK:
        assert evaluation.value == float(header(path, "value"))
        assert evaluation.message == ""
    else:
        assert evaluation.value is None
        assert re.fullmatch(header(path, "says"), evaluation.message)
        assert len(evaluation.message) <= 500
    assert {violation.kind for violation in evaluation.violations} == set(filter(None, [header(path, "violation")]))
    assert len(evaluation.printed) <= PRINTED_CHARACTERS


def test_honest_solutions_beside_all_of_them_keep_their_exact_scores(together):
    for evaluation in together()[1]:
        assert (evaluation.outcome, evaluation.value) == (Outcome.OK, 1.0)
        assert evaluation.scores == (1.0,) * 4
        assert evaluation.violations == ()


@pytest.mark.parametrize("broken", [ENDLESS, EXITS], ids=["endless", "exits"])
def test_four_broken_candidates_leave_the_scores_of_the_good_ones_untouched(evaluate, doubling, broken):
    good = [PERFECT, doubling.seed_solution, PERFECT + "#", doubling.seed_solution + "#"]
    evaluations = evaluate(doubling, *(text for n, one in enumerate(good) for text in (f"{broken}# {n}", one)))
    assert [evaluation.value for evaluation in evaluations[::2]] == [None] * 4
    assert [evaluation.value for evaluation in evaluations[1::2]] == [1.0, 0.5, 1.0, 0.5]


@pytest.mark.parametrize("source", ["", " \n", "x\x00", "\ud800", "#" * 300_000], ids=repr)
def test_text_that_cannot_be_a_program_is_not_run(evaluate, doubling, source):
    evaluation = evaluate(doubling, source)
    assert (evaluation.outcome, evaluation.value) == (Outcome.INVALID_SOURCE, None)
    assert evaluation.cpu_seconds == 0
    assert evaluation.message.startswith("it ")


def test_a_sleeping_solution_is_ended_by_the_clock_on_the_wall(evaluate, doubling, monkeypatch):
    monkeypatch.setattr(utility_module, "WALL_PER_CPU_SECOND", 0)
    evaluation = evaluate(doubling, "import time\ndef double(numbers):\n    time.sleep(1000)\n")
    assert (evaluation.outcome, evaluation.message) == (Outcome.TIMED_OUT, "it was not done after 1 s")


@pytest.mark.parametrize(("seconds", "outcome"), [(0.05, Outcome.OK), (0.14, Outcome.TIMED_OUT)])
def test_an_instance_has_as_much_time_on_every_split(evaluate, doubling, draw, seconds, outcome):
    """Three times the instances: 0.6 s in all, which would not do with the 0.4 s of validation."""
    task = dataclasses.replace(doubling, n_validation=4, n_test=12, cpu_seconds=0.4)
    busy = (
        "import time\n"
        "def double(numbers):\n"
        f"    end = time.process_time() + {seconds}\n"
        "    while time.process_time() < end: pass\n"
        "    return [2 * number for number in numbers]\n"
    )
    on_each = [
        evaluate(task, busy, on=dataclasses.replace(draw, split=split)) for split in ("validation", "test", "fresh")
    ]
    assert [evaluation.outcome for evaluation in on_each] == [outcome] * 3
    if outcome is Outcome.TIMED_OUT:
        assert [evaluation.message for evaluation in on_each] == [
            f"it used more than {limit} s of CPU time" for limit in ("0.4", "1.2", "1.2")
        ]


def test_answers_before_a_failure_are_scored_but_make_no_value(evaluate, doubling):
    evaluation = evaluate(
        doubling,
        "import time\ncalls = []\n"
        "def double(numbers):\n"
        "    calls.append(1)\n"
        "    time.sleep(0.06)\n"  # longer than answers are kept back
        "    while len(calls) == 3: pass\n"
        "    return [2 * number for number in numbers]\n",
    )
    assert (evaluation.outcome, evaluation.value) == (Outcome.TIMED_OUT, None)
    assert evaluation.scores == (1.0, 1.0)


def test_the_value_is_the_mean_of_the_scores(evaluate, doubling):
    half_right = (
        "calls = []\n"
        "def double(numbers):\n"
        "    calls.append(1)\n"
        "    return [(2 if len(calls) <= 3 else 0) * number for number in numbers]\n"
    )
    evaluation = evaluate(doubling, half_right)
    assert evaluation.scores == (1.0, 1.0, 1.0, 0.0)
    assert evaluation.value == 0.75


def test_the_start_of_what_is_printed_is_kept(evaluate, doubling):
    evaluation = evaluate(doubling, f'print("begun")\nprint("x" * 10_000)\n{PERFECT}')
    assert evaluation.printed == ("begun\n" + "x" * 10_000)[:PRINTED_CHARACTERS]


def test_random_numbers_of_a_solution_follow_from_the_draw(evaluate, doubling, draw):
    source = (
        "import random\nimport numpy as np\n"
        "def double(numbers):\n"
        "    return [random.random() + np.random.rand() + np.random.default_rng().random() for _ in numbers]\n"
    )
    first, again = evaluate(doubling, source), evaluate(doubling, source)
    assert first.scores == again.scores
    assert len(set(first.scores)) == 4
    other = evaluate(doubling, source, on=dataclasses.replace(draw, rng_seed=1))
    assert other.scores != first.scores


def test_the_same_solution_on_the_same_draw_is_run_once_even_if_asked_for_at_the_same_time(
    run, sandbox, doubling, draw
):
    reported = []

    async def observer(task, draw, solution, evaluation):
        reported.append((solution, draw, evaluation.value))

    async def scenario():
        async with open_utility(doubling, sandbox, observer) as utility:
            both = await asyncio.gather(utility.evaluate(PERFECT, draw), utility.evaluate(PERFECT, draw))
            later = await utility.evaluate(PERFECT, draw)
            assert both[0] is both[1] is later
            await utility.evaluate(PERFECT, dataclasses.replace(draw, key="another"))
            await utility.evaluate(doubling.seed_solution, draw)

    run(scenario())
    other = dataclasses.replace(draw, key="another")
    assert reported == [(PERFECT, draw, 1.0), (PERFECT, other, 1.0), (doubling.seed_solution, draw, 0.5)]


def test_an_evaluation_that_is_given_up_disturbs_no_other(run, sandbox, doubling, draw):
    """Its instances are under way in the task's process: that reply must not be taken for another's."""
    draws = [dataclasses.replace(draw, key=str(number)) for number in range(20)]

    async def scenario():
        async with open_utility(doubling, sandbox) as alone:
            expected = [await alone.worker.inputs(one) for one in draws]
        async with open_utility(doubling, sandbox) as utility:
            for one in draws[::2]:
                asking = asyncio.create_task(utility.evaluate(PERFECT, one))
                await asyncio.sleep(0.001)
                asking.cancel()
            assert [await utility.worker.inputs(one) for one in draws] == expected
            assert (await utility.evaluate(PERFECT, draws[0])).value == 1.0

    run(scenario())


def test_an_evaluation_is_reported_before_anyone_learns_of_it(run, sandbox, doubling, draw):
    events = []

    async def observer(task, draw, solution, evaluation):
        await asyncio.sleep(0.01)
        events.append("reported")

    async def scenario():
        async with open_utility(doubling, sandbox, observer) as utility:
            await utility.evaluate(PERFECT, draw)
            events.append("answered")

    run(scenario())
    assert events == ["reported", "answered"]


def test_equal_draws_have_equal_instances_and_others_have_others(run, sandbox, doubling, draw):
    draws = [
        draw,
        dataclasses.replace(draw, key="another"),
        dataclasses.replace(draw, rng_seed=1),
        dataclasses.replace(draw, split="test"),
        dataclasses.replace(draw, split="fresh"),
    ]

    async def inputs(draw):
        async with open_utility(doubling, sandbox) as utility:
            return await utility.worker.inputs(draw)

    first, again = ([run(inputs(one)) for one in draws] for _ in range(2))
    assert first == again
    assert len({repr(made) for made in first}) == len(draws)
    assert [len(made) for made in first] == [4, 4, 4, 6, 6]


def test_inputs_that_are_held_ready_have_a_bound_in_bytes(run, sandbox, doubling, draw, monkeypatch):
    monkeypatch.setattr(utility_module, "MAX_INPUT_BYTES_KEPT", 3 * 10**6)
    large = changed(doubling, "rng.randint(1, 99) for _ in range(6)]", "7] * 200_000")
    large = dataclasses.replace(large, cpu_seconds=5.0)

    async def evaluate_them():
        async with open_utility(large, sandbox) as utility:
            draws = [dataclasses.replace(draw, key=f"draw {number}") for number in range(5)]
            values = [(await utility.evaluate(PERFECT, each)).value for each in [*draws, draws[0]]]
            return values, len(utility._inputs)

    values, n_kept = run(evaluate_them())
    assert values == [1.0] * 6
    assert n_kept == 3


def test_only_the_arguments_leave_the_process_of_a_task(run, sandbox, doubling, draw):
    async def inputs():
        async with open_utility(doubling, sandbox) as utility:
            return await utility.worker.inputs(draw)

    for [numbers] in run(inputs()):
        assert all(type(number) is int for number in numbers)


COUNTING = """
Answer = int

LIMIT = 3


def instances(split, rng, n):
    return [((rng.randint(1, 9),), None) for _ in range(n)]


def drive(step, start):
    value = start
    for _ in range(LIMIT):
        value = step(value)
    return value


def score(arguments, hidden, answer):
    return float(answer - arguments[0])
"""


@pytest.fixture
def counting(doubling):
    """A task whose `drive` calls the candidate three times."""
    return dataclasses.replace(doubling, entry="step", seed_solution="def step(v): return v", utility_source=COUNTING)


def test_a_drive_calls_the_candidate_and_its_answer_is_scored_elsewhere(evaluate, counting):
    assert evaluate(counting, "def step(value): return value + 1").scores == (3.0,) * 4


def test_what_the_candidate_raises_in_a_drive_is_its_failure(evaluate, counting):
    evaluation = evaluate(counting, "def step(value): raise ValueError('no step')")
    assert (evaluation.outcome, evaluation.message) == (Outcome.RAISED, "line 1: ValueError: no step")


def test_a_candidate_cannot_reach_the_scorer_through_the_drive(evaluate, counting):
    spy = (
        "import sys\n"
        "def step(value):\n"
        "    names = sys._getframe(1).f_globals\n"
        "    return value + ('score' in names) + ('instances' in names)\n"
    )
    assert evaluate(counting, spy).value == 0.0


def test_where_there_is_no_entry_the_drive_gets_the_text_itself(evaluate, doubling):
    length = COUNTING.replace("value = step(value)", "value += len(step)")
    task = dataclasses.replace(doubling, entry=None, seed_solution="abc", utility_source=length)
    assert evaluate(task, "this is no program").value == 3.0 * len("this is no program")


def test_the_description_is_the_code_and_the_numbers_that_are_enforced(run, sandbox, doubling):
    async def description():
        async with open_utility(doubling, sandbox) as utility:
            return utility.description

    text = run(description())
    assert doubling.utility_source.strip() in text
    for said in ("double every number of a list", "the function double", "CPU_SECONDS_FOR_ALL_INSTANCES = 0.3",
                 "MEMORY_MIB = 128", "4 instances", "Score 1: doubling. Score 0: zeros."):  # fmt: skip
        assert said in text


def test_a_task_on_texts_does_not_ask_for_a_function(run, sandbox, doubling):
    async def description():
        async with open_utility(dataclasses.replace(doubling, entry=None), sandbox) as utility:
            return utility.description

    assert "A solution is a text; the code below is given it as it is." in run(description())


def changed(task, before, after):
    assert before in task.utility_source
    return dataclasses.replace(task, utility_source=task.utility_source.replace(before, after))


MADE = "failed: its instances() "
EXITS_AT_ONCE = "import os; os._exit(7); "
BROKEN_UTILITIES = {
    "does not compile": ("Answer =", "Answer = =", "failed: line 4: SyntaxError: "),
    "raises when loaded": ("Answer =", "1 / 0\nAnswer =", "failed: while it was loaded: line 4: ZeroDivisionError: "),
    "no instances": ("def instances", "def examples", "failed: utility.py does not define the function instances"),
    "no score": ("def score", "def points", "failed: utility.py does not define the function score"),
    "instances raise": ("return [((", "1 / 0; return [((", MADE + "failed: line 8: ZeroDivisionError: "),
    "instances exit": ("return [((", EXITS_AT_ONCE + "[((", "ended: its process ended with exit code 7"),
    "none made": ("range(n)]", "range(0)]", MADE + "made 0 instances, not 4"),
    "too many made": ("range(n)]", "range(n + 1)]", MADE + "made 5 instances, not 4"),
    "nothing returned": ("return [((", "[((", MADE + "failed: TypeError: 'NoneType' "),
    "no pairs": (', "the hidden part of an instance")', ",)", MADE + "failed: ValueError: not enough "),
    "no tuple": (
        "(([rng.randint(1, 99) for _ in range(6)],)",
        "(5",
        MADE + "failed: TypeError: each instance should be ",
    ),
    "no plain data": ("rng.randint(1, 99)", "rng", MADE + "made arguments that are not plain data: "),
    "score exits": ("(numbers,) =", EXITS_AT_ONCE + "(numbers,) =", "ended: its process ended with exit code 7"),
}


@pytest.mark.parametrize("change", BROKEN_UTILITIES.values(), ids=BROKEN_UTILITIES.keys())
def test_a_failure_of_a_task_s_own_code_is_one_sentence_that_names_the_task(evaluate, doubling, change):
    before, after, says = change
    with pytest.raises(TaskError) as raised:
        evaluate(changed(doubling, before, after), PERFECT)
    assert str(raised.value).startswith(f"the utility of task doubling {says}")
    assert "\n" not in str(raised.value)


SEND = """
import os
import struct

import msgspec


def send(message):
    body = msgspec.msgpack.encode(message)
    data = struct.pack(">I", len(body)) + body
    while data:
        data = data[os.write(3, data) :]

"""
"""Sends a message by hand: what runs beside the worker's code can do all that this code can."""
NO_REPLY = "sent what is no reply: "
FORGED = {
    "scores when loaded": (
        "Answer =",
        {"type": "scores", "scores": [], "rejected": None},
        NO_REPLY + "a message out of",
    ),
    "scores for inputs": (
        "return [((",
        {"type": "scores", "scores": [], "rejected": None},
        NO_REPLY + "a message out of",
    ),
    "inputs for scores": ("(numbers,) =", {"type": "inputs", "inputs": []}, NO_REPLY + "a message out of turn"),
    "loaded for scores": ("(numbers,) =", {"type": "loaded", "drive": None}, NO_REPLY + "a message out of turn"),
    "too few inputs": ("return [((", {"type": "inputs", "inputs": [[1]]}, NO_REPLY + "1 inputs, not 4"),
    "too many inputs": ("return [((", {"type": "inputs", "inputs": [[1]] * 5}, NO_REPLY + "5 inputs, not 4"),
    "no scores": (
        "(numbers,) =",
        {"type": "scores", "scores": [], "rejected": None},
        NO_REPLY + "0 scores for 4 answers",
    ),
    "too many scores": (
        "(numbers,) =",
        {"type": "scores", "scores": [1.0] * 5, "rejected": None},
        NO_REPLY + "5 scores for 4 answers",
    ),
    "not a number": (
        "(numbers,) =",
        {"type": "scores", "scores": [1.0, math.nan, 1.0, 1.0], "rejected": None},
        NO_REPLY + "a score that is no finite number",
    ),
    "infinite": (
        "(numbers,) =",
        {"type": "scores", "scores": [math.inf] * 4, "rejected": "no"},
        NO_REPLY + "a score that is no finite number",
    ),
    "huge": (
        "(numbers,) =",
        {"type": "scores", "scores": [1e300] * 4, "rejected": None},
        NO_REPLY + "a score that is no finite number",
    ),
    "no reason": (
        "(numbers,) =",
        {"type": "scores", "scores": [1.0, None, 1.0, 1.0], "rejected": None},
        NO_REPLY + "no score, and no reason",
    ),
    "no message at all": ("(numbers,) =", {"type": "x" * 100_000}, NO_REPLY + "Invalid value 'xxx"),
    "a long failure": ("(numbers,) =", {"type": "task_failure", "message": "x" * 100_000}, "failed: xxx"),
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED.keys())
def test_what_a_task_s_process_sends_by_hand_is_believed_only_where_it_is_a_reply(run, sandbox, doubling, draw, forged):
    where, message, says = forged
    call = (
        f"send({message!r})".replace("nan", "float('nan')")
        .replace("[inf", "[float('inf')")
        .replace(" inf", " float('inf')")
    )
    before = f"{call}\n{where}" if where == "Answer =" else f"{call}\n    {where}"
    tried = []

    async def evaluate_it():
        task = changed(doubling, where, before)
        task = dataclasses.replace(task, utility_source=f"{SEND}\n{task.utility_source}")
        async with open_utility(task, sandbox, task_observer=lambda _, violations: tried.extend(violations)) as utility:
            await utility.evaluate(PERFECT, draw)

    with pytest.raises(TaskError) as raised:
        run(evaluate_it())
    assert str(raised.value).startswith(f"the utility of task doubling {says}")
    assert len(str(raised.value)) < 600
    assert [violation.kind for violation in tried] == (["protocol"] if says.startswith(NO_REPLY) else [])


def test_what_a_solution_says_of_its_failure_and_prints_is_cut_on_this_side_too(evaluate, doubling):
    long = {"type": "failure", "outcome": "raised", "message": "x" * 10**5}
    failed = evaluate(doubling, f"{SEND}\ndef double(numbers):\n    send({long!r})\n")
    assert (failed.outcome, len(failed.message)) == (Outcome.RAISED, 500)
    answers = {"type": "answers", "answers": [[0.0] * 6] * 4}
    talks = {"type": "finished", "printed": "x" * 10**5}
    ended = evaluate(doubling, f"{SEND}\ndef double(numbers):\n    send({answers!r})\n    send({talks!r})\n")
    assert (ended.outcome, len(ended.printed)) == (Outcome.OK, 4096)


@pytest.mark.parametrize("where", ["Answer =", "return [(("], ids=["when loaded", "in instances"])
def test_a_utility_that_never_answers_is_given_up(evaluate, doubling, monkeypatch, where):
    monkeypatch.setattr(utility_module, "TASK_REQUEST_SECONDS", 0.5)
    hanging = "while True: pass\n" + where if where == "Answer =" else "while True: pass\n    " + where
    with pytest.raises(TaskError, match=r"the utility of task doubling took more than 0\.5 s"):
        evaluate(changed(doubling, where, hanging), PERFECT)


ARRAYS = """
import numpy

Answer = numpy.ndarray


def instances(split, rng, n):
    return [((numpy.arange(3),), None) for _ in range(n)]


def score(arguments, hidden, answer):
    if answer.shape != (3,):
        raise ValueError(f"an answer should have the shape (3,), not {answer.shape}")
    return float(answer.sum())
"""


@pytest.mark.parametrize(
    ("body", "outcome", "message"),
    [
        ("return values", Outcome.OK, ""),
        ("return values.astype(float).tolist()", Outcome.OK, ""),
        ("values += 1; return values - 1", Outcome.OK, ""),
        ("return values[:, None]", Outcome.BAD_OUTPUT, "instance 0: an answer should have the shape (3,), not (3, 1)"),
        ("return [[1], [1, 2]]", Outcome.BAD_OUTPUT, "instance 0: the answer is no array: "),
        (
            "return ['a', 'b', 'c']",
            Outcome.BAD_OUTPUT,
            "instance 0: the answer should be an array of numbers, not ndarray",
        ),
        ("return None", Outcome.BAD_OUTPUT, "instance 0: the answer should be an array of numbers, not NoneType"),
        ("return values / 0", Outcome.BAD_OUTPUT, "instance 0: the answer holds NaN or an infinity"),
    ],
)
def test_an_array_is_checked_strictly(evaluate, doubling, body, outcome, message):
    task = dataclasses.replace(doubling, entry="f", seed_solution="def f(v): return v", utility_source=ARRAYS)
    evaluation = evaluate(task, f"def f(values):\n    {body}\n")
    assert evaluation.outcome is outcome
    assert evaluation.message.startswith(message)
    assert evaluation.value == (3.0 if outcome is Outcome.OK else None)


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ("1 / 0", "the scorer raised line 15: ZeroDivisionError: division by zero"),
        ("None", "the scorer returned NoneType instead of a number"),
        ("True", "the scorer returned bool instead of a number"),
        ("float('inf')", "the scorer returned inf instead of a finite number"),
        ("10**400", "the scorer returned inf instead of a finite number"),
        ("1e60", "the scorer returned 1e+60, which is beyond 1e+50"),
    ],
)
def test_a_score_is_a_number_within_bounds_or_the_answer_is_refused(evaluate, doubling, returned, message):
    task = changed(doubling, "return 1 - sum", f"return {returned}\n    sum")
    evaluation = evaluate(task, PERFECT)
    assert (evaluation.outcome, evaluation.value) == (Outcome.BAD_OUTPUT, None)
    assert evaluation.message == f"instance 0: {message}"


def test_a_draw_is_kept_apart_from_what_scorers_do_to_it(evaluate, doubling):
    """Scores of one use do not depend on what was scored before."""
    noisy = changed(doubling, "return 1 - sum", "import random\n    return random.random()\n    sum")
    first, second = evaluate(noisy, PERFECT, doubling.seed_solution)
    assert first.scores == second.scores
    assert len(set(first.scores)) == 4


def test_a_draw_names_the_split(doubling):
    assert doubling.n_instances(Draw(split="validation", key="", rng_seed=0).split) == 4
    assert doubling.n_instances("test") == doubling.n_instances("fresh") == 6
