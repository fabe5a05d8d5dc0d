"""Runs `utility.py` files of somebody who wants more than to score: as the engine does, and with a naive loader."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hostility import probes
from hostility.corpus import Program
from hostility.goals import GOALS, Goal, Scene
from hostility.probes import Result
from hostility.scores import DOUBLING, DRAW, HONEST_VALUE, NEIGHBOUR
from hostility.targets import Listeners, Target
from selftaught import utility as utility_module
from selftaught.errors import TaskError, Violation
from selftaught.sandbox import Limits, Sandbox
from selftaught.task_definition import Task
from selftaught.utility import open_utility

NAIVE_LOADER = (Path(__file__).parent / "naive" / "loader.py").read_text(encoding="utf-8")
TASK_ERROR = "task_error"
"""How a task ends that the engine gives up: with one sentence, and no score."""

REQUEST_SECONDS = 5.0
REQUEST = Limits(cpu_seconds=REQUEST_SECONDS, wall_seconds=REQUEST_SECONDS)
"""What one request to a task may take."""

BY_MESSAGES = "by_messages"
"""The control of programs that forge messages: the loader believes them, and says itself what becomes of it."""

NOWHERE = Goal(is_reached=lambda scene: False)
"""Of a program whose goal shows in what an honest one is given afterwards."""
SPOILT = Goal(is_reached=lambda scene: scene.detail.startswith("(") and not scene.detail.endswith(f", {HONEST_VALUE})"))
"""The same with the naive loader, which tells the value of the program's own task and that of a neighbour."""


@dataclass(kw_only=True)
class _Seen:
    """What is seen of a task from outside."""

    ending: str = "reached"
    detail: str = ""
    kinds: set[str] = field(default_factory=set)
    used: probes.Spent | None = None

    def tried(self, _task: Task, violations: tuple[Violation, ...]) -> None:
        self.kinds.update(violation.kind for violation in violations)


async def isolated(sandbox: Sandbox, program: Program, listeners: Listeners) -> Result:
    """How a task ends whose code is hostile, with an honest solution."""
    goal = NOWHERE if program.goal == NEIGHBOUR else GOALS[program.goal]
    async with probes.planted(listeners, goal) as made:
        zygotes, seen = probes.zygotes_of(sandbox), _Seen()
        try:
            await asyncio.wait_for(_use(sandbox, _task(program, made), seen), probes.WAIT_SECONDS)
        except TaskError as error:
            seen.ending, seen.detail = TASK_ERROR, str(error)
        except TimeoutError:
            seen.detail = "the engine waits"
        except Exception as error:  # whatever else comes out of the engine is its fall  # noqa: BLE001
            seen.detail = f"the engine falls: {error!r}"
        scene = Scene(
            target=made,
            detail=seen.detail,
            pid=0,
            zygotes=zygotes,
            engine_bytes=len(seen.detail),
            runs_on=seen.used is not None and seen.used.is_beyond(REQUEST),
        )
        reached = seen.ending == "reached" or await probes.is_reached_after(goal, scene, patience=0.1)
    return Result(
        reached=reached,
        ending="reached" if reached else seen.ending,
        detail=f"{seen.detail:.300}",
        violations=tuple(sorted(seen.kinds)),
    )


async def _use(sandbox: Sandbox, task: Task, seen: _Seen) -> None:
    async with contextlib.AsyncExitStack() as stack:
        utility = await stack.enter_async_context(open_utility(task, sandbox, task_observer=seen.tried))
        life = asyncio.create_task(probes.spent(utility.worker._child._pid))
        try:
            evaluation = await utility.evaluate(task.seed_solution, DRAW)
        finally:
            await stack.aclose()
            seen.used = await life
    seen.kinds.update(violation.kind for violation in evaluation.violations)
    if evaluation.value is not None and not math.isfinite(evaluation.value):
        seen.detail = f"the engine falls: it took {evaluation.value} for a value"
    else:
        seen.ending = evaluation.outcome.value
        seen.detail = evaluation.message or f"its value is {evaluation.value}"


def _task(program: Program, made: Target) -> Task:
    """The task whose `utility.py` is the program; what others are given in their scope stands at its top."""
    given = "".join(f"{name} = {value!r}\n" for name, value in made.given().items())
    return replace(DOUBLING, name="hostile", utility_source=f"{given}\n{program.source}")


async def control(sandbox: Sandbox, program: Program, listeners: Listeners) -> Result:
    """What a tool makes of a task whose code it loads beside everything else."""
    goal = SPOILT if program.goal == NEIGHBOUR else None
    if program.control.endswith(BY_MESSAGES):
        goal = Goal(is_reached=lambda scene: program.goal in scene.detail)
    return await probes.control(sandbox, program, listeners, goal=goal, order_of=naive_order)


def naive_order(program: Program, given: dict[str, Any]) -> dict[str, Any]:
    """What a process does that loads the program as a tool does that trusts its tasks."""
    how = program.control.removeprefix("unsandboxed").strip()
    return {"source": NAIVE_LOADER, "given": {"utility": program.source, "inner": given, "how": how}}


@contextlib.contextmanager
def short_requests() -> Iterator[None]:
    """Meanwhile a request to a task may take five seconds instead of sixty."""
    kept = utility_module.TASK_REQUEST_SECONDS
    utility_module.TASK_REQUEST_SECONDS = REQUEST_SECONDS
    try:
        yield
    finally:
        utility_module.TASK_REQUEST_SECONDS = kept
