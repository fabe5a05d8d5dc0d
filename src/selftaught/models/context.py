"""What a model is made with: all that it may use of the run that it serves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from selftaught.ledger import Ledger
from selftaught.models.answer_book import AnswerBook, NoBook
from selftaught.models.language_model import LanguageModel
from selftaught.sandbox import Sandbox
from selftaught.settings import CommonSettings, checked_settings


@dataclass(frozen=True, kw_only=True)
class ModelContext:
    """What a model is made with.

    Attributes:
        sandbox: Where an embedded model runs.
        rng_seed: The run's.
        tasks: The sha256 of each task of the run, by its name.
        settings: What was asked for.
        ledger: Where spending is reserved and entered.
        book: Where answers are kept.
        is_inner: Whether it answers the improvements of solutions only, and another model those of improvers.
        is_awaited: Whether it could be had before, so that it is waited for where nobody answers when it is opened.
        mend: How a person goes on where the run has ended because the model could not be had; by default with the same
            command.
        on_wait: Told a sentence while nothing goes on because the model cannot be had, and None when it goes on.
    """

    sandbox: Sandbox
    rng_seed: int
    tasks: Mapping[str, str] = field(default_factory=dict)
    settings: CommonSettings = field(default_factory=lambda: checked_settings(CommonSettings))
    ledger: Ledger = field(default_factory=Ledger)
    book: AnswerBook = field(default_factory=NoBook)
    is_inner: bool = False
    is_awaited: bool = False
    mend: str | None = None
    on_wait: Callable[[str | None], None] = lambda sentence: None


ModelMaker = Callable[[ModelContext], LanguageModel]
