"""Budgets: how much of what one improvement, one round or one run may use. They live in the engine only.

`Limits`, by contrast, are what the operating system enforces on one process: see `sandbox`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields

from selftaught.errors import BudgetExceeded, ConfigError
from selftaught.ledger import NOTHING, Spending


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What one improvement may use.

    Attributes:
        calls: Calls of the language model; a call is one unit whatever its samples.
        responses: The largest number of samples in one call.
        utility_calls: Uses of the utility.
    """

    calls: int
    responses: int
    utility_calls: int

    def __post_init__(self) -> None:
        for name in ("calls", "responses", "utility_calls"):
            if getattr(self, name) < 1:
                raise ConfigError(f"the budget of {name} should be at least 1, not {getattr(self, name)}")


@dataclass(kw_only=True)
class Usage:
    """What has been used so far; what an improvement uses counts for its parents too.

    Attributes:
        calls: Calls of the language model.
        responses: Samples received.
        responses_known: Those of them that were known already, and cost nothing.
        characters_sent: What was sent to the model, each message once, however many samples it brings.
        characters_received: What the samples hold.
        utility_calls: Uses of a utility by an improver.
        evaluations: Programs that were really run, which is less than `utility_calls` where one was known already.
        spending: What the calls cost.
        parent: The usage that this one is part of.
    """

    calls: int = 0
    responses: int = 0
    responses_known: int = 0
    characters_sent: int = 0
    characters_received: int = 0
    utility_calls: int = 0
    evaluations: int = 0
    spending: Spending = NOTHING
    parent: Usage | None = field(default=None, repr=False)

    def add(self, used: Usage) -> None:
        """Counts what has been used, here and in the parents."""
        for name, count in used.counts().items():
            setattr(self, name, getattr(self, name) + count)
        self.spending += used.spending
        if self.parent is not None:
            self.parent.add(used)

    def since(self, before: Usage) -> Usage:
        """What has been used more than `before`, an earlier copy of this."""
        counts = {name: count - getattr(before, name) for name, count in self.counts().items()}
        return Usage(**counts, spending=self.spending - before.spending)

    def counts(self) -> dict[str, int]:
        """The counts by name."""
        return {counted.name: getattr(self, counted.name) for counted in fields(self) if counted.type == "int"}


class Account:
    """One improvement's budget and what is used of it. Reserving comes before using, so nothing goes over."""

    def __init__(self, budget: Budget, parent: Usage) -> None:
        self.budget = budget
        self.usage = Usage(parent=parent)

    def reserve_call(self) -> int:
        """The number of calls so far, this one included.

        Raises:
            BudgetExceeded: There is none left.
        """
        if self.usage.calls >= self.budget.calls:
            raise BudgetExceeded("calls of the language model", self.usage.calls, self.budget.calls)
        self.usage.add(Usage(calls=1))
        return self.usage.calls

    def reserve_utility_call(self) -> int:
        """The number of uses of the utility so far, this one included.

        Raises:
            BudgetExceeded: There is none left.
        """
        if self.usage.utility_calls >= self.budget.utility_calls:
            raise BudgetExceeded("uses of the utility", self.usage.utility_calls, self.budget.utility_calls)
        self.usage.add(Usage(utility_calls=1))
        return self.usage.utility_calls

    def count_answers(
        self, sent: Iterable[str], answers: Sequence[str], spending: Spending = NOTHING, *, n_known: int = 0
    ) -> None:
        """Counts what was sent and received in a call that was reserved."""
        self.usage.add(
            Usage(
                responses=len(answers),
                responses_known=n_known,
                characters_sent=sum(map(len, sent)),
                characters_received=sum(map(len, answers)),
                spending=spending,
            )
        )
