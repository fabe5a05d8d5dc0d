"""The meta-utility: how good an improver is, by the solutions that it makes on downstream tasks (paper, section 3).

It is itself a utility, whose solutions are improvers. Its description, which the language model sees, is made from
the methods below.
"""

from __future__ import annotations

import inspect
import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from selftaught.budget import Budget
from selftaught.engine import Assignment, Engine, run_in_parallel
from selftaught.errors import Outcome, TaskError
from selftaught.improver import IMPROVER_LIMITS, Improvement
from selftaught.task_definition import Split
from selftaught.utility import Draw, Evaluation, Utility


@dataclass(frozen=True, kw_only=True)
class Repeat:
    """One downstream improvement, and what it was worth.

    Attributes:
        task: The task's name.
        initial_value: The utility of the task's seed solution on the same instances.
        value: The utility of what was made of it.
        outcome: `OK`, or why nothing usable was made; then the seed solution is what is left, and its value counts.
        message: What went wrong, in one line.
    """

    task: str
    initial_value: float
    value: float
    outcome: Outcome
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class MetaEvaluation:
    """What the meta-utility found of one improver.

    Attributes:
        repeats: Every downstream improvement, in a fixed order: equal draws, equal positions.
    """

    repeats: tuple[Repeat, ...]

    @property
    def values(self) -> list[float]:
        """The value of each repeat, averaged over tasks: one number for each repeat index."""
        return self._over_tasks([repeat.value for repeat in self.repeats])

    @property
    def initial_values(self) -> list[float]:
        """The same of the seed solutions."""
        return self._over_tasks([repeat.initial_value for repeat in self.repeats])

    def _over_tasks(self, values: Sequence[float]) -> list[float]:
        n_tasks = len({repeat.task for repeat in self.repeats})
        return [fmean(values[start : start + n_tasks]) for start in range(0, len(values), n_tasks)]

    @property
    def value(self) -> float | None:
        """The mean of the values; None if no improvement came to anything."""
        if all(repeat.outcome is not Outcome.OK for repeat in self.repeats):
            return None
        return self.mean

    @property
    def mean(self) -> float:
        """The mean of the values, the seed solution standing where an improvement failed."""
        return fmean(self.values)

    @property
    def n_failed(self) -> int:
        """The number of improvements that failed."""
        return sum(repeat.outcome is not Outcome.OK for repeat in self.repeats)

    @property
    def commonest_failure(self) -> str:
        """The commonest reason for failing, in one line; empty if nothing failed."""
        reasons = Counter(
            f"{repeat.outcome}: {repeat.message}" for repeat in self.repeats if repeat.outcome is not Outcome.OK
        )
        return reasons.most_common(1)[0][0] if reasons else ""


@dataclass(frozen=True, kw_only=True)
class MetaUtility:
    """û(I): the mean of u(I(u, s, L)) over tasks and repeats.

    Attributes:
        engine: What runs the improvements.
        utilities: The utility of each downstream task.
        budget: What one downstream improvement may use.
        n_repeats: Independent improvements for each task; each has its own instances and its own answers.
        split: Where what was made is valued; the improver itself sees the validation split in any case.
        purpose: What the figures are for. Other purposes draw other instances and other answers.
    """

    engine: Engine
    utilities: Sequence[Utility]
    budget: Budget
    n_repeats: int
    split: Split
    purpose: str

    def for_purpose(self, purpose: str, *, n_repeats: int | None = None, split: Split | None = None) -> MetaUtility:
        """The same meta-utility with draws of its own."""
        return replace(self, purpose=purpose, n_repeats=n_repeats or self.n_repeats, split=split or self.split)

    async def evaluate(self, improver: str) -> MetaEvaluation:
        """How good an improver is: every task, `n_repeats` times."""
        downstream = [
            self.improve_and_value(improver, utility, repeat)
            for repeat in range(self.n_repeats)
            for utility in self.utilities
        ]
        return MetaEvaluation(repeats=tuple(await run_in_parallel(downstream)))

    async def improve_and_value(self, improver: str, utility: Utility, repeat: int) -> Repeat:
        """What an improver makes of a task's seed solution, and what that is worth."""
        name = f"{self.purpose}/{utility.task.name}/repeat-{repeat}"
        seed_solution = utility.task.seed_solution
        assignment = Assignment(
            scope=name, improver=improver, initial_solution=seed_solution, task=utility.task.name, budget=self.budget
        )
        seen = Draw(split="validation", key=name, rng_seed=self.engine.rng_seed)
        improvement = await self.engine.improve(assignment, UtilityOnDraw(utility, seen))
        valued = replace(seen, split=self.split)
        before = await utility.evaluate(seed_solution, valued)
        after = await utility.evaluate(improvement.solution or seed_solution, valued)
        return judge(utility, improvement, before, after)

    async def value(self, solution: str) -> float | None:
        """The meta-utility of an improver; None if nothing came of any of its improvements."""
        return (await self.evaluate(solution)).value

    @property
    def description(self) -> str:
        """What the language model is told: the code that computes this, and the numbers that it uses."""
        budget = self.budget
        code = "\n".join(inspect.getsource(method) for method in (MetaUtility.evaluate, MetaUtility.improve_and_value))
        return (
            '"""The utility of an improver is how good the solutions are that it makes; higher is better.\n\n'
            "An improver is a Python program (standard library and numpy) that defines\n"
            "improve_algorithm(initial_solution, utility, language_model) and returns a better solution, as a string.\n"
            "utility(solution) is a number, -inf for a solution that fails; utility.str describes it.\n"
            "language_model.prompt(expertise, message, n_responses, temperature) is a list of strings.\n"
            "Going over a budget raises an exception. No network, no files.\n"
            '"""\n'
            f"TASKS = {[utility.task.name for utility in self.utilities]}\n"
            f"N_REPEATS = {self.n_repeats}\n"
            f"language_model.budget = {budget.calls}  # calls in one improvement\n"
            f"language_model.max_responses_per_call = {budget.responses}\n"
            f"utility.budget = {budget.utility_calls}  # uses in one improvement\n"
            f"IMPROVER_CPU_SECONDS = {IMPROVER_LIMITS.cpu_seconds:g}\n\n"
            f"{textwrap.dedent(code)}"
        )


@dataclass(frozen=True)
class UtilityOnDraw:
    """The utility of a task on one draw: what an improver is given."""

    utility: Utility
    draw: Draw

    @property
    def description(self) -> str:
        """What the language model is told."""
        return self.utility.description

    async def value(self, solution: str) -> float | None:
        """The utility of a solution; None if it fails."""
        return (await self.utility.evaluate(solution, self.draw)).value


def judge(utility: Utility, improvement: Improvement, before: Evaluation, after: Evaluation) -> Repeat:
    """What one improvement was worth. Where nothing usable was made, the seed solution is what is left.

    Raises:
        TaskError: The seed solution itself fails.
    """
    task = utility.task.name
    if before.value is None:
        raise TaskError(f"the seed solution of task {task} fails ({before.outcome}): {before.message}")
    ended = after if improvement.outcome is Outcome.OK else improvement
    value = before.value if ended.outcome is not Outcome.OK or after.value is None else after.value
    return Repeat(task=task, initial_value=before.value, value=value, outcome=ended.outcome, message=ended.message)
