"""What comes of a fault: a request of a language model to a server that fails, through the real client."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from collections.abc import Mapping
from dataclasses import dataclass

from model_faults.cases import KEY, Case, Ends
from model_faults.server import ServerThread, serving
from selftaught.errors import LanguageModelError, LanguageModelUnavailable
from selftaught.ledger import Ledger, Spending
from selftaught.models import Finish, ModelContext, ModelInfo, Request, Sample
from selftaught.models.answer_book import AnswerBook, Asked, Reservations
from selftaught.models.openai_provider import OpenAIProvider
from selftaught.models.presets import BY_URL, URL_KEY, address_of
from selftaught.models.remote import RemoteModel
from selftaught.models.timing import Timing
from selftaught.settings import CommonSettings, checked_settings

SHORT = {"call_seconds": 20, "outage_seconds": 20, "max_output_tokens": 100, "price_in": 1, "price_out": 2}
"""Times that a test can wait for; the defaults are ten minutes and an hour."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What came of a fault.

    Attributes:
        case: Which.
        ends: What became of the request.
        sentence: What the improver or a person is told; empty for an answer.
        finishes: How the samples ended, where there are any.
        n_requests: How many requests the server saw.
        gaps: Seconds between them.
        told: What a person was told while nothing went on.
        n_kept: How many samples were kept.
        spent: What the ledger has.
    """

    case: Case
    ends: Ends
    sentence: str
    finishes: tuple[Finish, ...]
    n_requests: int
    gaps: tuple[float, ...]
    told: tuple[str | None, ...]
    n_kept: int
    spent: Spending


class CountingBook(AnswerBook):
    """A book that only counts."""

    def __init__(self) -> None:
        self.n_kept = 0

    async def known(self, key: str) -> Mapping[int, Sample]:
        return {}

    async def keep(
        self, key: str, samples: Mapping[int, Sample], spending: Spending, reserved: Reservations,
        asked: Asked | None = None,
    ) -> None:  # fmt: skip
        self.n_kept += len(samples)


def measure(case: Case) -> Measured:
    """What comes of a fault, by a real server and over real connections."""
    with serving(case.script()) as thread:
        return asyncio.run(_measure(case, thread))


async def _measure(case: Case, thread: ServerThread) -> Measured:
    settings = checked_settings(CommonSettings, **{**SHORT, **case.settings})
    # Pauses are a fifth as long as usual.
    timing = Timing(rng=random.Random(0), first_pause_seconds=0.2, longest_pause_seconds=1.0)
    told: list[str | None] = []
    book, ledger = CountingBook(), Ledger()
    context = ModelContext(
        sandbox=None,  # type: ignore[arg-type]  # no program is run
        rng_seed=7,
        settings=settings,
        ledger=ledger,
        book=book,
        mend="`selftaught resume RUN`",
        on_wait=told.append,
    )
    model = RemoteModel(provider_of(thread.server.url, settings), context, timing=timing)
    request = Request(
        expertise="You write Python.", messages=("Improve it.",), n_responses=case.n_samples, temperature=0.7
    )
    ends: Ends = "answered"
    sentence, finishes = "", ()
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(model.close)
        await model.open()
        try:
            finishes = tuple(sample.finish for sample in (await model.answer(request)).samples)
        except LanguageModelUnavailable as error:
            ends, sentence = "the run ends", str(error)
        except LanguageModelError as error:
            ends, sentence = "told to the improver", str(error)
    asked_at = [asked.at for asked in thread.server.asked]
    return Measured(
        case=case,
        ends=ends,
        sentence=sentence,
        finishes=finishes,
        n_requests=len(asked_at),
        gaps=tuple(later - earlier for earlier, later in itertools.pairwise(asked_at)),
        told=tuple(told),
        n_kept=book.n_kept,
        spent=ledger.spent,
    )


def provider_of(url: str, settings: CommonSettings) -> OpenAIProvider:
    """Who is asked at an address, by the real client."""
    address = address_of(BY_URL, "m", {URL_KEY: KEY}, url=url)
    info = ModelInfo(name=f"{url}#m", summary="a test", is_language_model=True, version="1")
    return OpenAIProvider(BY_URL, address, settings, info)
