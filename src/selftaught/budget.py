"""Budgets: how much of what one improvement, one round or one run may use. They live in the engine only.

`Limits`, by contrast, are what the operating system enforces on one process: see `sandbox`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from selftaught.errors import BudgetExceeded, ConfigError


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
        utility_calls: Uses of a utility by an improver.
        evaluations: Programs that were really run, which is less than `utility_calls` where one was known already.
        parent: The usage that this one is part of.
    """

    calls: int = 0
    responses: int = 0
    utility_calls: int = 0
    evaluations: int = 0
    parent: Usage | None = field(default=None, repr=False)

    def add(self, *, calls: int = 0, responses: int = 0, utility_calls: int = 0, evaluations: int = 0) -> None:
        """Counts what has been used, here and in the parents."""
        self.calls += calls
        self.responses += responses
        self.utility_calls += utility_calls
        self.evaluations += evaluations
        if self.parent is not None:
            self.parent.add(calls=calls, responses=responses, utility_calls=utility_calls, evaluations=evaluations)

    def counts(self) -> dict[str, int]:
        """The four counts by name."""
        return {
            "calls": self.calls,
            "responses": self.responses,
            "utility_calls": self.utility_calls,
            "evaluations": self.evaluations,
        }


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
        self.usage.add(calls=1)
        return self.usage.calls

    def reserve_utility_call(self) -> int:
        """The number of uses of the utility so far, this one included.

        Raises:
            BudgetExceeded: There is none left.
        """
        if self.usage.utility_calls >= self.budget.utility_calls:
            raise BudgetExceeded("uses of the utility", self.usage.utility_calls, self.budget.utility_calls)
        self.usage.add(utility_calls=1)
        return self.usage.utility_calls

    def count_responses(self, n_responses: int) -> None:
        """Counts samples that were received."""
        self.usage.add(responses=n_responses)
