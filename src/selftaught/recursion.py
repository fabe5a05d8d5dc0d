"""The Self-Taught Optimizer (Zelikman et al., COLM 2024, Algorithm 1): an improver improves its own source.

    for t = 1 … T:   I_t ← I_{t-1}(û, I_{t-1}, L)

û is the meta-utility: how good the solutions are that an improver makes. L, the language model, never changes.
Newcomers start here.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Literal

from selftaught.budget import Budget
from selftaught.engine import META, Assignment, Engine, run_in_parallel
from selftaught.improver import Improvement
from selftaught.meta_utility import MetaEvaluation, MetaUtility

Accept = Literal["better", "always"]
"""Which proposals become the next improver: those better on draws that nobody has seen, or all (the paper's rule)."""


@dataclass(frozen=True, kw_only=True)
class Round:
    """One round of the recursion.

    Attributes:
        number: t, from 0; round 0 is the seed improver as it was given.
        improver: I_t, the improver after this round.
        parent: I_{t-1}, the improver that did the work; None in round 0.
        improvement: How it did it; its solution is the proposal for I_t. None in round 0.
        accepted: Whether the proposal became I_t.
        validation: The meta-utility of I_t on draws that played no part in making it.
        proposal_validation: That of the proposal; None where there was no new one.
        parent_validation: That of I_{t-1} on the same draws; None in round 0.
    """

    number: int
    improver: str
    validation: MetaEvaluation
    parent: str | None = None
    improvement: Improvement | None = None
    accepted: bool = True
    proposal_validation: MetaEvaluation | None = None
    parent_validation: MetaEvaluation | None = None


@dataclass(frozen=True, kw_only=True)
class SelfTaughtOptimizer:
    """STOP: what a run of the recursion needs to know.

    Attributes:
        engine: What runs improvements.
        meta_utility: û, on the validation split.
        budget: What one improvement of an improver may use.
        n_rounds: T.
        accept: Which proposals become the next improver.
        n_gate_repeats: Repeats of the meta-utility that decides whether a proposal is better.
    """

    engine: Engine
    meta_utility: MetaUtility
    budget: Budget
    n_rounds: int
    accept: Accept
    n_gate_repeats: int

    async def rounds(self, seed_improver: str) -> AsyncGenerator[Round]:
        """Round 0, which is the seed improver, then each round of self-improvement as it ends."""
        improver = seed_improver
        yield Round(number=0, improver=improver, validation=await self._fresh(0).evaluate(improver))
        for t in range(1, self.n_rounds + 1):
            improvement = await self.improve_itself(improver, t)
            round_t = await self.decide(t, improver, improvement)
            improver = round_t.improver
            yield round_t

    async def improve_itself(self, improver: str, t: int) -> Improvement:
        """I_{t-1}(û, I_{t-1}, L): the improver applied to its own source."""
        assignment = Assignment(
            scope=f"round-{t}", improver=improver, initial_solution=improver, task=META, budget=self.budget
        )
        return await self.engine.improve(assignment, self.meta_utility.for_purpose(f"round-{t}/search"))

    async def decide(self, t: int, parent: str, improvement: Improvement) -> Round:
        """The round, with I_t: the proposal where it is accepted, else the parent."""
        proposal = improvement.solution
        fresh = self._fresh(t)
        if proposal is None or proposal == parent:
            validation = await fresh.evaluate(parent)
            return Round(
                number=t, improver=parent, parent=parent, improvement=improvement, accepted=False,
                validation=validation, parent_validation=validation,
            )  # fmt: skip
        before, after = await run_in_parallel([fresh.evaluate(parent), fresh.evaluate(proposal)])
        accepted = self.accept == "always" or (after.value is not None and after.value > before.mean)
        return Round(
            number=t,
            improver=proposal if accepted else parent,
            parent=parent,
            improvement=improvement,
            accepted=accepted,
            validation=after if accepted else before,
            proposal_validation=after,
            parent_validation=before,
        )

    def _fresh(self, t: int) -> MetaUtility:
        return self.meta_utility.for_purpose(f"round-{t}/gate", n_repeats=self.n_gate_repeats)
