"""Runs improvers that want more than their budget: in a session of the engine, and in a naive one."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hostility.corpus import Program
from hostility.probes import GENEROUS, KEY_VARIABLE, Result
from hostility.scores import DRAW, GUESSING, NAIVE_DRAW, labels
from selftaught import improver as improver_module
from selftaught.budget import Account, Budget, Usage
from selftaught.errors import Outcome
from selftaught.improver import Improvement, ImproverSession
from selftaught.models import LanguageModel, ModelInfo, Reply, Request
from selftaught.sandbox import ChildEnded, Limits, Sandbox

NAIVE_SESSION = (Path(__file__).parent / "naive" / "session.py").read_text(encoding="utf-8")
BUDGET = Budget(calls=3, responses=4, utility_calls=6)
TEST_DRAW = replace(DRAW, split="test")
NAIVE_TEST_DRAW = replace(NAIVE_DRAW, split="test")
MAX_AT_ONCE = 64
LIMITS = Limits(cpu_seconds=1.0, wall_seconds=20.0, memory_bytes=256 * 1024 * 1024, threads=True)
PATIENCE_SECONDS = 0.1
NAIVE_KEY = "a key in the environment"


@dataclass(kw_only=True)
class Counts:
    """What was really served, counted by who served it."""

    calls: int = 0
    uses: int = 0
    largest: int = 0
    at_once: int = 0
    late: int = 0
    _now: int = field(default=0, repr=False)

    def begin(self) -> None:
        self._now += 1
        self.at_once = max(self.at_once, self._now)

    def end(self) -> None:
        self._now -= 1


class CountingModel(LanguageModel):
    """A language model that counts what it is asked, and answers always the same."""

    info = ModelInfo(name="counting", summary="counts", is_language_model=False, version="1")
    improvement_budget = meta_budget = BUDGET

    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    async def answer(self, request: Request) -> Reply:
        self._counts.calls += 1
        n_samples = request.n_responses * len(request.messages)
        self._counts.largest = max(self._counts.largest, n_samples)
        self._counts.begin()
        await asyncio.sleep(0.01)
        self._counts.end()
        return Reply.of(["an answer"] * n_samples)


class CountingUtility:
    """The utility of a session, which counts its uses."""

    description = f'"""{GUESSING.summary}"""\n{GUESSING.utility_source}'

    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    async def value(self, solution: str) -> float | None:
        self._counts.uses += 1
        self._counts.begin()
        await asyncio.sleep(0.01)
        self._counts.end()
        return 0.5


class NoRecorder:
    """Keeps nothing."""

    async def call(self, request: Request, answers: list[str], seconds: float) -> None:
        """Nothing."""

    async def exchange(self, method: str, request: Any, response: Any, failed: Any) -> None:
        """Nothing."""

    def notice(self, kind: str, detail: str) -> None:
        """Nothing."""


GOALS: dict[str, Callable[[Counts, str, str], bool]] = {
    "exceeds a budget": lambda counts, solution, key: (
        counts.calls > BUDGET.calls or counts.uses > BUDGET.utility_calls or counts.largest > BUDGET.responses
    ),
    "floods the engine": lambda counts, solution, key: counts.at_once > MAX_AT_ONCE,
    "goes on after its end": lambda counts, solution, key: counts.late > 0,
    "learns the test split": lambda counts, solution, key: labels(GUESSING, TEST_DRAW) in solution,
    "learns the key": lambda counts, solution, key: key in solution,
    "the engine falls": lambda counts, solution, key: False,
}
"""Whether a goal is reached, from what was counted and what the improver returned; a fall is seen otherwise."""


async def isolated(sandbox: Sandbox, program: Program) -> Result:
    """How an improver ends in a session of the engine."""
    counts, key = Counts(), os.environ[KEY_VARIABLE]
    session = ImproverSession(
        sandbox=sandbox,
        model=CountingModel(counts),
        utility=CountingUtility(counts),
        account=Account(BUDGET, Usage()),
        scope="a hostile improver",
        rng_seed=DRAW.rng_seed,
        recorder=NoRecorder(),
        clock=lambda: 0.0,
    )
    try:
        improvement = await asyncio.wait_for(session.improve(program.source, GUESSING.seed_solution), 30.0)
    except Exception as error:  # whatever comes out of the engine is its fall  # noqa: BLE001
        return Result(reached=True, ending="reached", detail=f"the engine falls: {error!r}")
    before = counts.calls + counts.uses
    await asyncio.sleep(PATIENCE_SECONDS)
    counts.late = counts.calls + counts.uses - before
    reached = GOALS[program.goal](counts, improvement.solution or "", key)
    return Result(
        reached=reached,
        ending="reached" if reached else improvement.outcome.value,
        detail=improvement.message or _told(improvement, counts),
        violations=tuple(sorted({violation.kind for violation in improvement.violations})),
    )


def _told(improvement: Improvement, counts: Counts) -> str:
    assert improvement.outcome is Outcome.OK
    return f"{counts}; it returned {improvement.solution!r:.80}"


async def control(sandbox: Sandbox, program: Program) -> Result:
    """How an improver ends in a session that runs in its own process."""
    order = {
        "source": NAIVE_SESSION,
        "given": {
            "program": program.source,
            "utility_source": GUESSING.utility_source,
            "initial_solution": GUESSING.seed_solution,
            "test_labels": labels(GUESSING, NAIVE_TEST_DRAW),
            "key_variable": KEY_VARIABLE,
            "key": NAIVE_KEY,
            "budget": {"calls": BUDGET.calls, "responses": BUDGET.responses, "uses": BUDGET.utility_calls},
        },
    }
    async with sandbox.child("probe", order, GENEROUS) as child:
        try:
            answer: Any = await asyncio.wait_for(child.receive(), 20.0)
        except (ChildEnded, TimeoutError) as error:
            reached = program.goal == "the engine falls"
            return Result(reached=reached, ending="reached" if reached else "stopped", detail=f"gone: {error}")
    counts = Counts(**answer.get("counts", {}))
    learnt = program.goal == "learns the test split" and labels(GUESSING, NAIVE_TEST_DRAW) in answer["solution"]
    reached = learnt or GOALS[program.goal](counts, answer["solution"], NAIVE_KEY) or answer["detail"] == program.goal
    detail = f"{answer['detail']}; {counts}"
    return Result(reached=reached, ending="reached" if reached else "stopped", detail=detail)


@contextlib.contextmanager
def short_limits() -> Iterator[None]:
    """Meanwhile an improver has a second of CPU time instead of thirty."""
    kept = improver_module.IMPROVER_LIMITS
    improver_module.IMPROVER_LIMITS = LIMITS
    try:
        yield
    finally:
        improver_module.IMPROVER_LIMITS = kept
