"""Where a run is, for whoever shows it: the run writes, a screen reads."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from selftaught.budget import Account, Usage
from selftaught.engine import META, Assignment
from selftaught.ledger import NOTHING, Ledger, Spending
from selftaught.recursion import Round
from selftaught.settings import RunSettings
from selftaught.statistics import Estimate

N_COMPARED = 3
"""Improvers in the comparison at the end: seed, best of n, improved."""

USES_GUESSED = 6
"""Uses of the meta-utility in a round, before one has been seen: what the seed improver makes of one call."""


@dataclass(kw_only=True)
class Progress:
    """Where a run is, for whoever shows it; the engine writes, a screen reads.

    Attributes:
        phase: What is being done, in a few words.
        round: The round under way.
        n_rounds: T.
        usage: What has been used so far.
        improvements: Improvements finished.
        improvements_expected: How many there will be in all, as far as can be told.
        round_account: What the improver that improves itself has used of its budget.
        improvement_account: The same of the improvement of a solution that began last.
        best: The best validation meta-utility of a round so far.
        started: When the run, or this life of it, began, on the engine's clock.
        seconds_before: How long earlier lives of the run have taken.
        ledger: What the run has spent on language models, and may.
        spent_before: What of that was spent by others: by the earlier runs of a series.
        waiting: Why nothing goes on, in a sentence; None while it does.
        on_step: Told a line whenever a step ends.
        on_wait: Told a line when a wait begins, when it changes and when it is over.
    """

    phase: str = "starting"
    round: int = 0
    n_rounds: int = 0
    usage: Usage = field(default_factory=Usage)
    improvements: int = 0
    improvements_expected: float = 0
    round_account: Account | None = None
    improvement_account: Account | None = None
    best: float | None = None
    started: float = field(default_factory=time.monotonic)
    seconds_before: float = 0.0
    ledger: Ledger = field(default_factory=Ledger)
    spent_before: Spending = NOTHING
    waiting: str | None = None
    on_step: Callable[[str], None] = lambda line: None
    on_wait: Callable[[str], None] = lambda line: None
    _improvements_before_round: int = 0

    @property
    def spending(self) -> Spending:
        """What the run has spent on language models so far."""
        return self.ledger.spent - self.spent_before

    @property
    def seconds_left(self) -> float | None:
        """A guess from the improvements done and to do; None before there is anything to guess from."""
        if self.improvements < 5 or not self.improvements_expected:
            return None
        elapsed = time.monotonic() - self.started
        return elapsed * max(0, self.improvements_expected - self.improvements) / self.improvements

    def improvement_started(self, assignment: Assignment, account: Account) -> None:
        """Notes the account of the improver that improves itself, or else of the latest improvement."""
        if assignment.task == META:
            self.round_account = account
        else:
            self.improvement_account = account

    def improvement_finished(self) -> None:
        """Counts an improvement."""
        self.improvements += 1

    def wait(self, sentence: str | None) -> None:
        """Says why nothing goes on, or with None that it goes on; the same again says nothing."""
        if sentence == self.waiting:
            return
        self.waiting = sentence
        self.on_wait(sentence if sentence is not None else "it goes on")

    def enter_round(self, number: int, settings: RunSettings, n_tasks: int = 1) -> None:
        """Says that a round begins, and guesses anew how much there is to do."""
        self.n_rounds = settings.rounds
        if number > settings.rounds:
            return
        self.round = number
        self.phase = "measuring the seed improver" if number == 0 else "the improver improves itself"
        uses = self._uses_in_a_round(number, settings, n_tasks)
        rounds_left = settings.rounds - max(number, 1) + 1
        per_round = uses * settings.n_repeats + 2 * settings.gate_repeats + settings.test_repeats
        rest = rounds_left * per_round + N_COMPARED * settings.fresh_repeats
        self.improvements_expected = self.improvements + rest * n_tasks
        self._improvements_before_round = self.improvements

    def _uses_in_a_round(self, number: int, settings: RunSettings, n_tasks: int) -> float:
        if number < 2:
            return USES_GUESSED
        beside = 1 + (2 * settings.gate_repeats + settings.test_repeats) * n_tasks
        searched = self.improvements - self._improvements_before_round - beside
        return max(0, searched) / (settings.n_repeats * n_tasks)

    def leave_round(self, made: Round, test: Estimate) -> None:
        """Says how a round ended."""
        self.best = made.validation.mean if self.best is None else max(self.best, made.validation.mean)
        self.on_step(f"round {made.number} of {self.n_rounds}: {_decision(made)}; {_figures(made, test)}")

    def enter_comparison(self) -> None:
        """Says that the rounds are over."""
        self.phase = "comparing on fresh repeats"
        self.on_step("comparing seed, best-of-n and improved improver on fresh repeats")


def _decision(made: Round) -> str:
    if made.improvement is None:
        return "seed improver"
    if made.improvement.solution is None:
        return f"no proposal ({made.improvement.outcome}: {made.improvement.message})"
    if made.proposal_validation is None:
        return "the improver proposed itself"
    return "proposal accepted" if made.accepted else "proposal rejected"


def _figures(made: Round, test: Estimate) -> str:
    measured = f"test {test.mean:.3f} ({test.low:.3f} to {test.high:.3f})"
    if made.proposal_validation is None or made.parent_validation is None:
        return f"validation {made.validation.mean:.3f}, {measured}"
    return f"validation {made.parent_validation.mean:.3f} -> {made.proposal_validation.mean:.3f}, {measured}"
