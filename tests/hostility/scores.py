"""Runs solutions that want a score which they do not deserve: as the engine does, and with a naive scorer."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import random
import textwrap
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hostility.corpus import Program
from hostility.probes import GENEROUS, Result
from selftaught.errors import Outcome
from selftaught.sandbox import ChildEnded, Sandbox
from selftaught.settings import unguessable_rng_seed
from selftaught.source import rng_seed_of
from selftaught.task_definition import BUNDLED_TASKS, MIB, Task, load_task
from selftaught.utility import Draw, Evaluation, Utility, open_utility

NAIVE_SCORER = (Path(__file__).parent / "naive" / "scorer.py").read_text(encoding="utf-8")
DRAW = Draw(split="validation", key="improve", rng_seed=unguessable_rng_seed())
"""A draw with the name that a user's run has, and with an rng seed such as it takes by default."""
NAIVE_DRAW = replace(DRAW, rng_seed=0)
"""The same with the seed that everybody tries first."""

FALSE_SCORE, NEIGHBOUR, TRACES = "gets a false score", "changes a neighbour's score", "finds its own traces"
GOALS = (FALSE_SCORE, NEIGHBOUR, TRACES)

DOUBLING = Task(
    name="doubling",
    entry="double",
    summary="double every number of a list",
    seed_solution="def double(numbers):\n    return [2 * number for number in numbers]\n",
    utility_source=textwrap.dedent('''
        """Double every number of a list."""

        Answer = list[float]


        def instances(split, rng, n):
            return [(([rng.randint(1, 99) for _ in range(6)],), None) for _ in range(n)]


        def score(arguments, hidden, answer):
            (numbers,) = arguments
            if len(answer) != len(numbers):
                raise ValueError("every number needs one answer")
            return 1 - sum(abs(doubled - 2 * number) for doubled, number in zip(answer, numbers)) / (2 * sum(numbers))
        '''),
    n_validation=4,
    n_test=4,
    cpu_seconds=0.5,
    memory_bytes=128 * MIB,
)
"""The honest solution scores 1, zeros score 0."""

GUESSING = Task(
    name="guessing",
    entry="guess",
    summary="guess labels that nothing tells",
    seed_solution="def guess(numbers):\n    return [0.0 for number in numbers]\n",
    utility_source=textwrap.dedent('''
        """Guess twenty labels, each 0 or 1, that follow from nothing."""

        Answer = list[float]


        def instances(split, rng, n):
            numbers, labels = range(1, 10**9), range(2)
            return [((rng.choices(numbers, k=20),), rng.choices(labels, k=20)) for _ in range(n)]


        def score(arguments, hidden, answer):
            if len(answer) != len(hidden):
                raise ValueError("every number needs one label")
            return sum(guess == label for guess, label in zip(answer, hidden)) / len(hidden)
        '''),
    n_validation=4,
    n_test=4,
    cpu_seconds=2.0,
    memory_bytes=128 * MIB,
)
"""Nothing honest scores more than about a half."""

TASKS = {"doubling": DOUBLING, "guessing": GUESSING, "lpn": load_task(BUNDLED_TASKS / "lpn")}
BOUNDS = {"doubling": 0.1, "guessing": 0.9, "lpn": 0.95}
"""What no program in the corpus can score by merit."""

HONEST_VALUE = 1.0
"""Of `DOUBLING.seed_solution`."""


class Utilities:
    """The utility of every task that is attacked, opened once, and a neighbour that must not suffer."""

    def __init__(self, opened: dict[str, Utility]) -> None:
        self._opened = opened

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, sandbox: Sandbox) -> AsyncIterator[Utilities]:
        async with contextlib.AsyncExitStack() as stack:
            yield cls(
                {name: await stack.enter_async_context(open_utility(task, sandbox)) for name, task in TASKS.items()}
            )

    async def attacked_by(self, program: Program) -> Result:
        """How a solution is scored by the engine."""
        utility = self._opened[program.fields["task"]]
        evaluation = await utility.evaluate(program.source, DRAW)
        if program.goal == TRACES:
            evaluation = await utility.evaluate(f"{program.source}\n# once more\n", DRAW)
        reached = program.goal != NEIGHBOUR and _is_false(evaluation, program)
        return Result(
            reached=reached,
            ending="reached" if reached else evaluation.outcome.value,
            detail=evaluation.message or f"its value is {evaluation.value}",
            violations=tuple(sorted({violation.kind for violation in evaluation.violations})),
        )

    async def honest(self, after: str) -> Honest:
        """What an honest solution gets, once more."""
        evaluation = await self._opened["doubling"].evaluate(f"{DOUBLING.seed_solution}# after {after}\n", DRAW)
        is_exact = evaluation.value == HONEST_VALUE and not evaluation.violations
        return Honest(
            is_exact=is_exact, detail=f"the honest one after {after} is {evaluation.outcome}: {evaluation.value}"
        )


@dataclass(frozen=True, kw_only=True)
class Honest:
    """What became of an honest solution."""

    is_exact: bool
    detail: str


def _is_false(evaluation: Evaluation, program: Program) -> bool:
    if evaluation.outcome is not Outcome.OK:
        return False
    return not (evaluation.value is not None and evaluation.value <= BOUNDS[program.fields["task"]])


async def control(sandbox: Sandbox, program: Program) -> Result:
    """What a naive scorer makes of a solution, in a process that protects from nothing."""
    task = TASKS[program.fields["task"]]
    order = {
        "source": NAIVE_SCORER,
        "given": {
            "judge": program.control.removeprefix("naive scorer").strip(),
            "program": program.source,
            "entry": task.entry,
            "utility": task.utility_source,
            "rng_seed": instances_seed(task, NAIVE_DRAW),
            "n_instances": task.n_validation,
            "twice": program.goal == TRACES,
            "neighbour": DOUBLING.seed_solution,
            "neighbour_utility": DOUBLING.utility_source,
        },
    }
    async with sandbox.child("probe", order, GENEROUS) as child:
        try:
            answer: Any = await asyncio.wait_for(child.receive(), 20.0)
        except (ChildEnded, TimeoutError) as error:
            return _result(program.goal == NEIGHBOUR, f"the scorer is gone: {error}")
    detail = answer["detail"]
    try:
        value, honest = ast.literal_eval(detail.replace("nan", "1e999").replace("inf", "1e999"))
    except (ValueError, SyntaxError, TypeError):
        return _result(False, detail)
    if program.goal == NEIGHBOUR:
        return _result(honest != HONEST_VALUE, detail)
    return _result(value is not None and value > BOUNDS[program.fields["task"]], detail)


def _result(reached: bool, detail: str) -> Result:
    return Result(reached=reached, ending="reached" if reached else "stopped", detail=detail)


def instances_seed(task: Task, draw: Draw) -> int:
    """The number that the instances of a draw follow from."""
    return rng_seed_of("instances", task.name, draw.split, draw.key, draw.rng_seed)


def labels(task: Task, draw: Draw) -> str:
    """All labels of a draw of `GUESSING`, as a text of zeros and ones."""
    namespace: dict[str, Any] = {}
    exec(task.utility_source, namespace)
    made = namespace["instances"](draw.split, random.Random(instances_seed(task, draw)), task.n_instances(draw.split))
    return "".join(str(label) for _, hidden in made for label in hidden)
