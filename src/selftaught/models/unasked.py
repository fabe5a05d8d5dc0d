"""A model of which only what its name and its price tell is known: for an estimate, without key, client or server."""

from __future__ import annotations

from typing import NoReturn

from selftaught.errors import ConfigError
from selftaught.models.language_model import LanguageModel, ModelInfo, Request
from selftaught.models.prices import Price
from selftaught.models.remote import RemoteModel


class UnaskedModel(LanguageModel):
    """A model that somebody serves, as it is known before anybody asked it; it cannot be asked.

    Attributes:
        missing: What is missing before it could be, as a clause with the mend; None if nothing is known to be.
    """

    improvement_budget = RemoteModel.improvement_budget
    meta_budget = RemoteModel.meta_budget
    counts_tokens = RemoteModel.counts_tokens

    def __init__(self, info: ModelInfo, price: Price | None, missing: str | None) -> None:
        self.info = info
        self.price = price
        self.missing = missing

    async def answer(self, request: Request) -> NoReturn:
        """Nothing.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError(f"{self.info.name} was made for an estimate and cannot be asked; make it with `find_model`")
