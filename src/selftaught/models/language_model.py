"""The protocol of a language model: requests with several messages in, samples out."""

from __future__ import annotations

import contextlib
import enum
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from selftaught.budget import Budget
from selftaught.errors import LanguageModelError
from selftaught.ledger import NOTHING, Spending
from selftaught.models.prices import Price
from selftaught.source import rng_seed_of, sha256_of


@dataclass(frozen=True, kw_only=True)
class Request:
    """One call of a language model: `n_responses` samples for each of `messages`.

    Attributes:
        expertise: The system message.
        messages: The user messages, each answered on its own.
        n_responses: Samples for each message.
        temperature: How varied the samples are, >= 0.
        scope: The name of the improvement that asks; the same request in another scope is another sample.
        ordinal: How often the same request was made in this scope before.
        improver: The sha256 of the program that asks. No answer depends on it: improvers are compared on equal terms.
    """

    expertise: str
    messages: tuple[str, ...]
    n_responses: int
    temperature: float
    scope: str = ""
    ordinal: int = 0
    improver: str = ""

    @property
    def sha256(self) -> str:
        """The hash of what is asked, whoever asks and however often."""
        parts = (self.expertise, *self.messages, repr(self.n_responses), repr(self.temperature))
        return sha256_of("\x1f".join(parts))

    def rng_seed(self, model: str, run_rng_seed: int, index: int) -> int:
        """What the samples for a message are drawn from, where a model can be told: a number in `[0, 2**63)`.

        Args:
            model: The name of the model that answers, without where it is.
            run_rng_seed: The run's.
            index: Which message.
        """
        return rng_seed_of(model, run_rng_seed, self.scope, self.sha256, self.ordinal, index)


class Finish(enum.StrEnum):
    """How a sample ended. Only a complete or a cut-off one has a text."""

    COMPLETE = "complete"
    CUT_OFF = "cut_off"
    """It reached the largest number of tokens; the text is what there is of it."""
    REFUSED = "refused"
    """The model, or its provider, would not answer."""
    EMPTY = "empty"
    """There was nothing in it, also when asked again."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One answer of a model to one message.

    Attributes:
        text: What an improver gets; empty where the model refused or said nothing.
        finish: How it ended.
    """

    text: str
    finish: Finish = Finish.COMPLETE


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What came of one request.

    Attributes:
        samples: `n_responses` for each message, in the order of the messages.
        spending: What was spent on it; nothing for samples that were known already.
        n_known: How many of the samples were known already, and not asked for again.
        system_message: What the model was told as the system message; None if that was the request's `expertise`.
        keys: Those under which the samples for each message are in the book; empty where there is none.
    """

    samples: tuple[Sample, ...]
    spending: Spending = NOTHING
    n_known: int = 0
    system_message: str | None = None
    keys: tuple[str, ...] = ()

    @classmethod
    def of(cls, texts: Iterable[str]) -> Reply:
        """The reply of a model whose samples are all complete, and that counts nothing."""
        return cls(samples=tuple(Sample(text=text) for text in texts))

    @property
    def texts(self) -> list[str]:
        """The text of each sample."""
        return [sample.text for sample in self.samples]


class CallFailed(LanguageModelError):
    """A request was not answered, though something may have been spent on it.

    Attributes:
        spending: What was spent, the messages of it that were answered included.
        keys: Those under which its exchanges are in the book.
    """

    def __init__(self, message: str, *, retryable: bool, spending: Spending, keys: Sequence[str]) -> None:
        super().__init__(message, retryable=retryable)
        self.spending = spending
        self.keys = keys


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """What a person should know of a model.

    Attributes:
        name: What to write after `--model`.
        summary: One line.
        is_language_model: False for `gp`, which only speaks the protocol.
        version: Changes whenever the same request may be answered differently.
        notice: A sentence that every screen with results of this model shows, or None.
    """

    name: str
    summary: str
    is_language_model: bool
    version: str
    notice: str | None = None


class LanguageModel(Protocol):
    """Anything that answers requests. Who inherits from it need not open or close anything.

    Attributes:
        info: What a person should know of it.
        improvement_budget: What one improvement of a solution may use, where the user says nothing.
        meta_budget: What one improvement of an improver may use, where the user says nothing.
        counts_tokens: Whether its replies say what they took; one that is free need not count.
        price: What its tokens cost; None where it counts none, or nobody knows.
    """

    info: ModelInfo
    improvement_budget: Budget
    meta_budget: Budget
    counts_tokens: bool = False
    price: Price | None = None

    async def open(self) -> None:
        """Nothing; finds out whether the model can be had, before anything is spent.

        Raises:
            ConfigError: It cannot: a key is missing, nobody answers at its address, it is not known there.
            LanguageModelUnavailable: It could be had before, and was waited for in vain.
        """
        return

    async def close(self) -> None:
        """Nothing; lets go of connections. Closing twice, or without opening, is allowed."""
        return

    async def answer(self, request: Request) -> Reply:
        """`n_responses` samples for each message, in the order of the messages.

        Raises:
            LanguageModelError: The model did not answer this request; the improver is told.
            LanguageModelUnavailable: It cannot be reached, or its key does not serve; the run ends.
            RunBudgetExceeded: The run may not spend what the request can cost; it ends.
        """
        ...


@contextlib.asynccontextmanager
async def opened_models(*models: LanguageModel) -> AsyncIterator[None]:
    """Nothing; in the block models can be asked. What is open is closed again if the next cannot be had.

    Raises:
        ConfigError: One cannot be had.
        LanguageModelUnavailable: One that could be had before was waited for, in vain.
    """
    async with contextlib.AsyncExitStack() as opened:
        for model in models:
            opened.push_async_callback(model.close)
            await model.open()
        yield
