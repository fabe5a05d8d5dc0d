"""Rehearsals: an improver at work without a language model and without a task, to see how it uses its budget.

`gp` answers its prompts, and its solutions get values at random: what an improver asks, how often and at what length,
is its own doing. Nothing is evaluated, recorded or spent.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from selftaught.budget import Budget
from selftaught.engine import Assignment, Engine, Recorder
from selftaught.errors import Outcome, Violation
from selftaught.improver import Improvement, SessionUtility
from selftaught.models import CallFailed, ModelContext, Reply, Request, find_model, opened_models
from selftaught.sandbox import Sandbox
from selftaught.source import sha256_of
from selftaught.task_definition import Task
from selftaught.utility import Draw, Evaluation

STAND_IN = "gp"
"""What answers in a rehearsal."""


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    """How an improver used its budget in a rehearsal.

    Attributes:
        calls: Calls of the model.
        samples: Samples received.
        uses: Uses of the utility.
        sent_characters: What is sent in one call, each message once; a mean, or a guess where it made no call.
        longest_characters: The longest message, with the system message; not less than that guess.
        program_characters: The length of the solution that it was given.
        outcome: How it ended.
        message: What went wrong, in one line.
    """

    calls: int
    samples: int
    uses: int
    sent_characters: float
    longest_characters: int
    program_characters: int
    outcome: Outcome
    message: str


@dataclass(kw_only=True)
class Rehearsal:
    """Where improvers are rehearsed.

    Attributes:
        engine: What runs them.
    """

    engine: Engine
    recorder: _LongestMessage

    async def of(self, improver: str, initial_solution: str, task: str, description: str, budget: Budget) -> Rehearsed:
        """How an improver uses its budget on a solution of a task, whose utility is described to it."""
        self.recorder.characters = 0
        assignment = Assignment(
            scope="rehearsal", improver=improver, initial_solution=initial_solution, task=task, budget=budget
        )
        improvement = await self.engine.improve(assignment, _AtRandom(description=description))
        usage, guess = improvement.usage, len(initial_solution) + len(description)
        return Rehearsed(
            calls=usage.calls,
            samples=usage.responses,
            uses=usage.utility_calls,
            sent_characters=usage.characters_sent / usage.calls if usage.calls else guess,
            longest_characters=max(self.recorder.characters, guess),
            program_characters=len(initial_solution),
            outcome=improvement.outcome,
            message=improvement.message,
        )


@contextlib.asynccontextmanager
async def opened_rehearsal(sandbox: Sandbox) -> AsyncIterator[Rehearsal]:
    """Where improvers can be rehearsed, one after the other."""
    recorder = _LongestMessage()
    model = find_model(STAND_IN)(ModelContext(sandbox=sandbox, rng_seed=0))
    engine = Engine(sandbox=sandbox, model=model, rng_seed=0, recorder=recorder)
    async with opened_models(model), engine:
        yield Rehearsal(engine=engine, recorder=recorder)


@dataclass(frozen=True, kw_only=True)
class _AtRandom(SessionUtility):
    """A utility that gives each solution a value in `[0, 1)`, which says nothing about it."""

    description: str = ""

    async def value(self, solution: str) -> float | None:
        """A number drawn from the solution's text."""
        return int(sha256_of(solution)[:12], 16) / 16**12


@dataclass(kw_only=True)
class _LongestMessage(Recorder):
    """A recorder that keeps nothing but the length of the longest message."""

    characters: int = 0

    def improvement_started(self, assignment: Assignment) -> str:
        """No id is needed."""
        return ""

    def improvement_finished(self, improvement_id: str, improvement: Improvement) -> None:
        """Nothing is kept."""

    def task_tried(self, task: Task, violations: tuple[Violation, ...]) -> None:
        """Nothing is kept."""

    async def call(self, improvement_id: str, request: Request, reply: Reply, seconds: float) -> None:
        """Notes the longest message."""
        longest = max(map(len, request.messages), default=0) + len(request.expertise)
        self.characters = max(self.characters, longest)

    async def exchange(
        self, improvement_id: str, method: str, request: Any, response: Any, failed: CallFailed | None
    ) -> None:
        """Nothing is kept."""

    async def evaluation(self, task: Task, draw: Draw, solution: str, evaluation: Evaluation) -> None:
        """Nothing is evaluated."""
