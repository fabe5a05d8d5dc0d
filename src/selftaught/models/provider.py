"""What a provider of language models is to us: one exchange over the network at a time, and the ways it may fail.

`remote` makes a `LanguageModel` of any provider: it asks for as many samples as are wanted, waits, tries again, counts
and remembers. A provider does none of that.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Protocol

from selftaught.ledger import NOTHING, Spending
from selftaught.models.language_model import ModelInfo, Sample


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """What one exchange asks: `n_samples` samples for one message.

    Attributes:
        expertise: The system message.
        message: The user message.
        n_samples: How many samples are wanted; fewer may come.
        temperature: How varied the samples are, >= 0.
        max_output_tokens: The most tokens of one sample.
        rng_seed: What the samples are drawn from, for a provider that takes such a number.
        seconds: How long the exchange may take.
    """

    expertise: str
    message: str
    n_samples: int
    temperature: float
    max_output_tokens: int
    rng_seed: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Completion:
    """What came back in one exchange.

    Attributes:
        samples: In the order in which they came; maybe fewer than were asked for, and maybe none.
        spending: What the provider counted; cost and seconds are filled in by `remote`.
    """

    samples: tuple[Sample, ...]
    spending: Spending


class Fault(enum.StrEnum):
    """Every way in which an exchange may fail."""

    BUSY = "busy"
    """It asks for patience: 429, overloaded."""
    DOWN = "down"
    """Nobody answers, or the server is broken: no connection, 5xx."""
    SLOW = "slow"
    """It took longer than it may."""
    BROKEN = "broken"
    """What came is no answer: broken JSON, a connection cut in the middle, nothing in it."""
    REJECTED = "rejected"
    """This request is not taken, whoever sends it: too long, not allowed. Asking again does not help."""
    KEY = "key"
    """The key does not serve, is missing, or its account has run dry."""
    UNKNOWN_MODEL = "unknown_model"
    """There is no such model there, or it is not for this key."""
    NO_PROVIDER = "no_provider"
    """What is there answers, but not as a provider of models: a page, or the way to another address."""


class ProviderFault(Exception):
    """An exchange failed.

    Attributes:
        fault: How.
        retry_after_seconds: When the provider says to ask again; None if it does not.
        spending: What was spent all the same.
    """

    def __init__(
        self,
        fault: Fault,
        message: str,
        *,
        retry_after_seconds: float | None = None,
        spending: Spending = NOTHING,
    ) -> None:
        super().__init__(message)
        self.fault = fault
        self.retry_after_seconds = retry_after_seconds
        self.spending = spending


class Provider(Protocol):
    """Somebody who serves a language model.

    Attributes:
        info: What a person should know of the model. `open` may replace it.
        model: The model's own name, as the provider knows it.
        price_provider: The name under which the provider's prices are known; empty if it has none.
        where: The address, for messages to a person; never with a key in it.
    """

    info: ModelInfo
    model: str
    price_provider: str
    where: str

    async def open(self) -> None:
        """Nothing; finds out whether it can answer, without spending anything.

        Raises:
            ProviderFault: It cannot.
        """
        ...

    async def complete(self, prompt: Prompt) -> Completion:
        """What comes back in one exchange. It is tried once.

        Raises:
            ProviderFault: It failed. No other exception of a client or of the network leaves here.
        """
        ...

    async def close(self) -> None:
        """Nothing; lets go of connections."""
        ...
