"""A model that only knows what another one has answered: it answers the same requests in the same way, and no others.

Where the answers are read from (the store, a file) is behind `Answers`. What is asked for is looked up by who asks
(the scope and the improver), what is asked, and how often before; so nothing depends on the order in which requests
happen to come.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from selftaught.budget import Budget
from selftaught.errors import LanguageModelError, LanguageModelUnavailable
from selftaught.models.language_model import LanguageModel, ModelInfo, Reply, Request

PATIENCE_SECONDS = 5.0
"""How long a request without an answer is left without one, before that ends the run.

An improver may return while a request of its own is in flight, which then is never answered: so it may the next time.
"""


class AnswerMissing(LanguageModelUnavailable):
    """Something is asked that is not on record. No improver is to blame: the run ends."""


@dataclass(frozen=True, kw_only=True)
class Refused:
    """The model did not answer, and the improver was told so.

    Attributes:
        message: What it was told.
    """

    message: str


class Answers(Protocol):
    """What a model has answered."""

    def find(self, request: Request) -> Sequence[str] | Refused | None:
        """The text of each sample for each message, in order; or that it was refused; None where nothing is known."""
        ...

    def why_missing(self, request: Request) -> str:
        """Why nothing is known of a request, in one sentence with the mend."""
        ...


class ReplayModel(LanguageModel):
    """The model whose answers are on record; what it says of itself is what was on record of that model."""

    def __init__(
        self,
        answers: Answers,
        info: ModelInfo,
        *,
        improvement_budget: Budget,
        meta_budget: Budget,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self.info = info
        self.improvement_budget = improvement_budget
        self.meta_budget = meta_budget
        self._answers = answers
        self._patience_seconds = patience_seconds

    async def answer(self, request: Request) -> Reply:
        """The samples on record, in the order of the messages.

        Raises:
            LanguageModelError: The request was refused at the time.
            AnswerMissing: It is not on record.
        """
        found = self._answers.find(request)
        if found is None:
            await asyncio.sleep(self._patience_seconds)
            raise AnswerMissing(self._answers.why_missing(request))
        if isinstance(found, Refused):
            raise LanguageModelError(found.message, retryable=False)
        return Reply.of(found)
