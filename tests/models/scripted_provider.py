"""A provider that answers from a script, books that remember, and the model that is made of them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from selftaught.ledger import Ledger, Spending
from selftaught.models import Finish, ModelContext, ModelInfo, Request, Sample
from selftaught.models.answer_book import AnswerBook, Asked, Reservations
from selftaught.models.provider import Completion, Fault, Prompt, Provider, ProviderFault
from selftaught.models.remote import RemoteModel
from selftaught.models.timing import Timing
from selftaught.settings import CommonSettings, checked_settings

COUNTED = Spending(tokens_in=30, tokens_out=20)
EMPTY = Sample(text="", finish=Finish.EMPTY)
START = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)

Came = Completion | ProviderFault | float
"""What comes of an exchange; a number is a hang of so many seconds."""


def texts(*given: str, spending: Spending = COUNTED) -> Completion:
    return Completion(samples=tuple(Sample(text=text) for text in given), spending=spending)


def came(*samples: Sample) -> Completion:
    return Completion(samples=samples, spending=COUNTED)


def fault(kind: Fault, message: str = "a fault", **more: Any) -> ProviderFault:
    return ProviderFault(kind, message, **more)


class ScriptedProvider(Provider):
    """Answers what a script says of the prompt and of how many came before it; it knows all that it was asked."""

    def __init__(self, script: Callable[[Prompt, int], Came], *, seconds: float = 1.0) -> None:
        self.info = ModelInfo(name="scripted:m", summary="a script", is_language_model=True, version="1")
        self.model = "m"
        self.price_provider = ""
        self.where = "http://localhost:1/v1"
        self.script = script
        self.seconds = seconds
        self.asked: list[Prompt] = []
        self.asked_at: list[float] = []
        self.n_in_flight = 0
        self.most_in_flight = 0
        self.opening: ProviderFault | None = None
        self.is_closed = False

    async def open(self) -> None:
        if self.opening:
            raise self.opening

    async def complete(self, prompt: Prompt) -> Completion:
        self.asked.append(prompt)
        self.asked_at.append(asyncio.get_running_loop().time())
        came = self.script(prompt, len(self.asked) - 1)
        self.n_in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.n_in_flight)
        try:
            await asyncio.sleep(came if isinstance(came, float) else self.seconds)
        finally:
            self.n_in_flight -= 1
        if isinstance(came, ProviderFault):
            raise came
        assert isinstance(came, Completion), "it should have been cancelled"
        return came

    async def close(self) -> None:
        self.is_closed = True


def numbered(prompt: Prompt, number: int) -> Completion:
    """As many samples as were asked for, which tell the message, the exchange and the place in it."""
    return texts(*(f"{prompt.message}, exchange {number}, sample {place}" for place in range(prompt.n_samples)))


def in_turn(*came: Came) -> Callable[[Prompt, int], Came]:
    """Each in turn, then numbered samples."""
    return lambda prompt, number: came[number] if number < len(came) else numbered(prompt, number)


class DictBook(AnswerBook):
    """A book in memory. Keeping takes a moment, as it does on a disk."""

    def __init__(self) -> None:
        self.pages: dict[str, dict[int, Sample]] = {}
        self.spendings: list[Spending] = []
        self.exchanges: dict[str, list[Asked]] = {}

    async def asked(self, key: str) -> Sequence[Asked]:
        return list(self.exchanges.get(key, []))

    async def known(self, key: str) -> Mapping[int, Sample]:
        return dict(self.pages.get(key, {}))

    async def keep(
        self, key: str, samples: Mapping[int, Sample], spending: Spending, reserved: Reservations,
        asked: Asked | None = None,
    ) -> None:  # fmt: skip
        await asyncio.sleep(0.001)
        self.exchanges.setdefault(key, []).extend(() if asked is None else [asked])
        if samples:
            self.pages.setdefault(key, {}).update(samples)
        self.spendings.append(spending)


class Rig:
    """A model of a scripted provider, in virtual time, and all that can be seen of it."""

    def __init__(
        self, script: Callable[[Prompt, int], Came] = numbered, *, seconds: float = 1.0, book: Any = None,
        ledger: Ledger | None = None, rng_seed: int = 7, provider_class: type[ScriptedProvider] = ScriptedProvider,
        is_awaited: bool = False, mend: str | None = None, **settings: Any,
    ) -> None:  # fmt: skip
        self.provider = provider_class(script, seconds=seconds)
        self.book = book if book is not None else DictBook()
        self.ledger = ledger or Ledger()
        self.told: list[str | None] = []
        self.on_told: Callable[[str | None], None] = lambda sentence: None
        context = ModelContext(
            sandbox=None,  # no program is run
            rng_seed=rng_seed,
            settings=checked_settings(CommonSettings, **settings),
            ledger=self.ledger,
            book=self.book,
            is_awaited=is_awaited,
            mend=mend,
            on_wait=self._tell,
        )
        self.model = RemoteModel(self.provider, context, timing=self.timing())

    def _tell(self, sentence: str | None) -> None:
        self.told.append(sentence)
        self.on_told(sentence)

    @staticmethod
    def timing() -> Timing:
        def clock() -> float:
            return asyncio.get_running_loop().time()

        return Timing(clock=clock, rng=random.Random(0), time_of_day=lambda: START + timedelta(seconds=_now()))


def _now() -> float:
    try:
        return asyncio.get_running_loop().time()
    except RuntimeError:
        return 0.0


def request_of(*messages: str, n: int = 1, scope: str = "round-1", ordinal: int = 0, **more: Any) -> Request:
    given = {"expertise": "You write Python.", "temperature": 0.7, **more}
    return Request(messages=messages or ("a message",), n_responses=n, scope=scope, ordinal=ordinal, **given)
