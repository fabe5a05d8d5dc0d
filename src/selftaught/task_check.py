"""Whether a task can be relied on: found out before a run spends anything on it."""

from __future__ import annotations

from dataclasses import replace

from selftaught.errors import TaskError
from selftaught.sandbox import Sandbox
from selftaught.task_definition import Task
from selftaught.utility import Draw, Utility, open_utility
from selftaught.worker import wire

CHECK, ANOTHER_CHECK = "check", "another check"
"""The keys of the draws that a task is checked on, each time that a run is begun or resumed."""


async def check_task(utility: Utility, sandbox: Sandbox, rng_seed: int) -> None:
    """Nothing, if the seed solution has a value and the task's code is a function of its arguments.

    A task that says that it uses a clock need not be one.

    Raises:
        TaskError: It is not so; the message says what is wrong.
    """
    draw = Draw(split="validation", key=CHECK, rng_seed=rng_seed)
    before = await utility.evaluate(utility.task.seed_solution, draw)
    if before.value is None:
        raise TaskError(f"the seed solution of task {utility.task.name} fails ({before.outcome}): {before.message}")
    if utility.task.uses_clock:
        return
    async with open_utility(utility.task, sandbox) as again:
        # Something else first: what is remembered from one use to the next shows.
        await again.evaluate(utility.task.seed_solution, replace(draw, key=ANOTHER_CHECK))
        if wire.encode(await utility.worker.inputs(draw)) != wire.encode(await again.worker.inputs(draw)):
            raise TaskError(_not_a_function(utility.task, "instances() made other instances"))
        after = await again.evaluate(utility.task.seed_solution, draw)
    if after.scores != before.scores:
        raise TaskError(_not_a_function(utility.task, "the seed solution scored differently"))


def _not_a_function(task: Task, what: str) -> str:
    return (
        f"the utility of task {task.name} depends on more than its arguments: {what} the second time; "
        "draw random numbers from rng only, and use no clock"
    )
