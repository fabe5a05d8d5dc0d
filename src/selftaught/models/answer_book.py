"""Answers that are known already: each sample is kept before anyone sees it, and never asked for twice.

STOP asks one prompt many times and needs different answers, so an answer is found by what was asked **and** by the
ordinal of the sample. Who asks belongs to the key too: another improvement, or a run from another `rng_seed`, is to get
samples of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from selftaught.ledger import NOTHING, Spending
from selftaught.models.language_model import Request, Sample
from selftaught.source import sha256_of


def answer_key(model: str, rng_seed: int, request: Request, index: int) -> str:
    """The hash under which the samples for a message of a request are known.

    Args:
        model: All that decides how the model answers: its name, where it is, and its settings.
        rng_seed: The run's.
        request: The request.
        index: Which of its messages.
    """
    parts = (model, rng_seed, request.scope, request.sha256, request.ordinal, index)
    return sha256_of("\x1f".join(map(str, parts)))


Reservations = Mapping[str, bool]
"""The names of reservations on record, and whether it is known what each cost."""

Asked = Mapping[int, bool]
"""The ordinals of the samples that an exchange asked for, each with whether what came for it was nothing."""


@dataclass(frozen=True, kw_only=True)
class Owed:
    """What an earlier life of a run has paid for, and died before a call had it.

    Attributes:
        spending: What was paid.
        ordinals: Of the samples that came of it.
    """

    spending: Spending = NOTHING
    ordinals: Collection[int] = ()


class AnswerBook(Protocol):
    """Where samples are kept, and what is paid for them. Who inherits from it owes nothing and reserves nothing."""

    async def known(self, key: str) -> Mapping[int, Sample]:
        """The samples kept under a key, by their ordinal from 0."""
        ...

    async def asked(self, key: str) -> Sequence[Asked]:
        """What the exchanges that are kept under a key asked for, but for those that failed."""
        return ()

    async def keep(
        self,
        key: str,
        samples: Mapping[int, Sample],
        spending: Spending,
        reserved: Reservations,
        asked: Asked | None = None,
    ) -> None:
        """Nothing; what came of one exchange is kept. Returns when that is durable.

        Args:
            key: Of what was asked.
            samples: What came and is final, by ordinal.
            spending: What it cost.
            reserved: The reservations that it was made under, and whether the cost of each is in `spending`.
            asked: What it asked for; None if it failed.
        """
        ...

    async def reserve(self, worst: Spending) -> str:
        """The name of a reservation for what is sent next; returns when it is durable. Empty where none is kept."""
        return ""

    def settle(self, reservation: str) -> None:
        """Nothing; what was reserved is not spent."""
        return

    async def owed(self, key: str) -> Owed:
        """What is to be charged to the call that asks under a key now, though nothing is asked for; once."""
        return Owed()


class NoBook(AnswerBook):
    """A book in which nothing is kept."""

    async def known(self, key: str) -> Mapping[int, Sample]:
        """Nothing is known."""
        return {}

    async def keep(
        self,
        key: str,
        samples: Mapping[int, Sample],
        spending: Spending,
        reserved: Reservations,
        asked: Asked | None = None,
    ) -> None:
        """Nothing is kept."""
