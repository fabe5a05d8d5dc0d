"""The protocol of a language model: requests with several messages in, samples out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from selftaught.budget import Budget
from selftaught.source import sha256_of


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
    """

    expertise: str
    messages: tuple[str, ...]
    n_responses: int
    temperature: float
    scope: str = ""
    ordinal: int = 0

    @property
    def sha256(self) -> str:
        """The hash of what is asked, whoever asks and however often."""
        parts = (self.expertise, *self.messages, repr(self.n_responses), repr(self.temperature))
        return sha256_of("\x1f".join(parts))


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
    """Anything that answers requests.

    Attributes:
        info: What a person should know of it.
        improvement_budget: What one improvement of a solution may use, where the user says nothing.
        meta_budget: What one improvement of an improver may use, where the user says nothing.
    """

    info: ModelInfo
    improvement_budget: Budget
    meta_budget: Budget

    async def answer(self, request: Request) -> list[str]:
        """`n_responses` samples for each message, in the order of the messages.

        Raises:
            LanguageModelError: The model did not answer.
        """
        ...
