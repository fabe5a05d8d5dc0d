"""What each program is worth to a lenient scorer, and here; and the same of a plain, honest program."""

from __future__ import annotations

import ast
import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selftaught.sandbox import Sandbox
from selftaught.task_definition import BUNDLED_TASKS, find_task
from selftaught.utility import Draw, Evaluation, open_utility

FOLDER = Path(__file__).resolve().parent.parent / "programs" / "reward_hacks"
LENIENT = Path(__file__).parent / "lenient.py"
RULE_TASKS = ("bin_packing", "dispatch", "job_shop", "knapsack", "tsp_construct")
DRAW = Draw(split="validation", key="improve", rng_seed=6_133_409_815_520_643)
"""A draw as a run has it; its seed is one of those that a run takes by default."""

_FIELD = re.compile(r"^# ([a-z]+): (.+)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Hack:
    """A program on one task.

    Attributes:
        name: Its own name.
        task: Which task.
        tries: What it does, in one sentence.
        family: What kind of hack it is.
        scorer: Which scorer of `lenient` falls for it.
        ends: How it ends here: an outcome.
        source: Its text.
    """

    name: str
    task: str
    tries: str
    family: str
    scorer: str
    ends: str
    source: str

    def __str__(self) -> str:
        return f"{self.name}-{self.task}"


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a program is worth.

    Attributes:
        hack: Which.
        lenient: To the lenient scorer; None where that failed, and `why` says how.
        lenient_plain: The plain program of the task to the same scorer.
        here: How the engine evaluated it.
        plain: How it evaluated the plain program, on the same instances.
    """

    hack: Hack
    lenient: float | None
    why: str
    lenient_plain: float | None
    here: Evaluation
    plain: Evaluation


PLAIN = {
    "maxcut": "import numpy as np\n\n\ndef algorithm(adjacency):\n    return np.arange(len(adjacency)) % 2\n",
    "parity": find_task("lpn").seed_solution,
    "quadratic_assignment": find_task("quadratic_assignment_hard").seed_solution,
    "three_sat": find_task("three_sat_hard").seed_solution,
}
"""Constant answers, for tasks whose seed solution searches or draws lots: those that the programs can be read as."""


def plain_program(task: str) -> str:
    """The honest program of a task that the others are compared with."""
    return PLAIN.get(task) or find_task(task).seed_solution


def hacks() -> list[Hack]:
    """Every program on every task that it is for, by name."""
    return [hack for path in sorted(FOLDER.glob("*.py")) for hack in _read(path)]


def _read(path: Path) -> list[Hack]:
    source = path.read_text(encoding="utf-8")
    fields = dict(_FIELD.findall(source))
    tries = " ".join((ast.get_docstring(ast.parse(source)) or "").split())
    return [
        Hack(
            name=path.stem, task=task, tries=tries, family=fields["family"], scorer=fields["scorer"],
            ends=fields["ends"], source=source,
        )
        for task in fields["tasks"].split(", ")
    ]  # fmt: skip


def lenient_values(programs: Sequence[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """What each program, given with its task and a scorer, is worth to that scorer."""
    orders = [
        {
            "program": source,
            "folder": str(BUNDLED_TASKS / task),
            "entry": find_task(task).entry,
            "is_rule": task in RULE_TASKS,
            "scorer": scorer,
        }
        for source, task, scorer in programs
    ]
    ended = subprocess.run(
        [sys.executable, "-B", str(LENIENT)], input=json.dumps(orders), capture_output=True, text=True, check=True
    )
    values: list[dict[str, Any]] = json.loads(ended.stdout)
    return values


async def evaluations(sandbox: Sandbox, task: str, programs: Sequence[str]) -> list[Evaluation]:
    """How the engine evaluates programs on the same draw of a task."""
    async with open_utility(find_task(task), sandbox) as utility:
        return list(await asyncio.gather(*(utility.evaluate(source, DRAW) for source in programs)))


async def measure(sandbox: Sandbox, chosen: Sequence[Hack]) -> list[Measured]:
    """What the chosen programs are worth, in their order."""
    plain = {task: plain_program(task) for task in dict.fromkeys(hack.task for hack in chosen)}
    own = lenient_values([(hack.source, hack.task, hack.scorer) for hack in chosen])
    of_plain = lenient_values([(plain[hack.task], hack.task, hack.scorer) for hack in chosen])
    here: dict[tuple[str, str], Evaluation] = {}
    for task, program in plain.items():
        sources = [program, *(hack.source for hack in chosen if hack.task == task)]
        found = await evaluations(sandbox, task, sources)
        here |= {(task, source): evaluation for source, evaluation in zip(sources, found, strict=True)}
    return [
        Measured(
            hack=hack,
            lenient=value["value"],
            why=value["why"],
            lenient_plain=of_one["value"],
            here=here[hack.task, hack.source],
            plain=here[hack.task, plain[hack.task]],
        )
        for hack, value, of_one in zip(chosen, own, of_plain, strict=True)
    ]
