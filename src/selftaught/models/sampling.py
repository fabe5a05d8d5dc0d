"""The samples for one message: asked for together, counted, topped up, asked for again where they are empty."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from selftaught.errors import LanguageModelError
from selftaught.ledger import NOTHING, Spending
from selftaught.models.answer_book import Asked
from selftaught.models.attempts import Exchange
from selftaught.models.language_model import Finish, Sample
from selftaught.models.provider import Prompt
from selftaught.source import rng_seed_of

MOST_TRIES = 3
"""So often a sample is asked for that comes empty or is refused; then it is marked."""

Result = TypeVar("Result")
Keep = Callable[[Mapping[int, Sample], Exchange, Asked | None], Awaitable[None]]


@dataclass(kw_only=True)
class Sampling:
    """The samples for one message, as they come in.

    Attributes:
        prompt: What asks for all of them in one exchange; its `seconds` hold for all exchanges together.
        exchange: Makes one exchange.
        keep: Keeps what came of one, by ordinal, and what it asked for unless it failed; returns when that is durable.
        samples: The samples so far, by ordinal from 0.
        spending: What was spent on them.
    """

    prompt: Prompt
    exchange: Callable[[Prompt], Awaitable[Exchange]]
    keep: Keep
    samples: dict[int, Sample] = field(default_factory=dict)
    spending: Spending = NOTHING
    _seconds: float = 0.0
    _asked: Counter[int] = field(default_factory=Counter)
    _came_to_nothing: Counter[int] = field(default_factory=Counter)

    def recall(self, asked: Iterable[Asked]) -> None:
        """Nothing; what earlier exchanges asked for was asked for, so that the next go on as if nobody had died."""
        for of_exchange in asked:
            self._asked.update(of_exchange.keys())
            self._came_to_nothing.update(ordinal for ordinal, is_nothing in of_exchange.items() if is_nothing)

    async def complete(self) -> list[Sample]:
        """All samples, in the order of their ordinals: those that are there already, and the rest is asked for.

        What is missing is asked for in one exchange; what did not come then, in parallel exchanges of one sample.

        Raises:
            LanguageModelError: The model did not answer, or not with one usable sample.
            LanguageModelUnavailable: It cannot be had.
            RunBudgetExceeded: The run may not spend what they may cost.
        """
        if self._missing() and not self._asked:
            await self._ask_in_parallel([self._missing()])
        while missing := self._missing():
            await self._ask_in_parallel([[ordinal] for ordinal in missing])
        samples = [self.samples[ordinal] for ordinal in range(self.prompt.n_samples)]
        if not any(_is_usable(sample) for sample in samples):
            raise LanguageModelError(_why_none(samples), retryable=False)
        return samples

    def _missing(self) -> list[int]:
        return [ordinal for ordinal in range(self.prompt.n_samples) if ordinal not in self.samples]

    async def _ask_in_parallel(self, groups: Sequence[Sequence[int]]) -> None:
        """Nothing; an exchange for each group. One that fails does not end the others: what is paid for is kept."""
        self._seconds += max(await all_ended(self._ask(ordinals) for ordinals in groups))

    async def _ask(self, ordinals: Sequence[int]) -> float:
        """The seconds that an exchange for some samples took of the call's."""
        prompt = replace(
            self.prompt,
            n_samples=len(ordinals),
            rng_seed=self._rng_seed(ordinals),
            seconds=self.prompt.seconds - self._seconds,
        )
        self._asked.update(ordinals)
        exchange = await self.exchange(prompt)
        self.spending += exchange.spending
        if exchange.error is not None:
            if exchange.spending != NOTHING:  # maybe paid for, though nothing came of it
                await self.keep({}, exchange, None)
            raise exchange.error
        came = dict(zip(ordinals, map(_marked, exchange.samples), strict=False))
        if not came and len(ordinals) == 1:
            came = {ordinals[0]: Sample(text="", finish=Finish.EMPTY)}
        asked = {ordinal: ordinal in came and not _is_usable(came[ordinal]) for ordinal in ordinals}
        self._came_to_nothing.update(ordinal for ordinal, is_nothing in asked.items() if is_nothing)
        taken = {ordinal: sample for ordinal, sample in came.items() if self._is_final(ordinal, sample)}
        await self.keep(taken, exchange, asked)
        self.samples.update(taken)
        return exchange.seconds

    def _is_final(self, ordinal: int, sample: Sample) -> bool:
        """Whether a sample is usable, or is marked because it was asked for often enough."""
        return _is_usable(sample) or self._came_to_nothing[ordinal] >= MOST_TRIES

    def _rng_seed(self, ordinals: Sequence[int]) -> int:
        """The request's own for an exchange that asks for all samples first; others get numbers derived from it."""
        n_before = self._asked[ordinals[0]]
        if n_before == 0 and len(ordinals) == self.prompt.n_samples:
            return self.prompt.rng_seed
        return rng_seed_of("top-up", self.prompt.rng_seed, ordinals[0], n_before)


async def all_ended(calls: Iterable[Awaitable[Result]]) -> list[Result]:
    """The results of several calls, in their order. The first failure comes out, but only when all have ended."""
    ended = await asyncio.gather(*calls, return_exceptions=True)
    for end in ended:
        if isinstance(end, BaseException):
            raise end
    return [end for end in ended if not isinstance(end, BaseException)]


def _is_usable(sample: Sample) -> bool:
    return sample.finish in (Finish.COMPLETE, Finish.CUT_OFF)


def _marked(sample: Sample) -> Sample:
    """A sample whose text agrees with its mark: what was refused has none, and what has none is empty."""
    if sample.finish is Finish.REFUSED:
        return Sample(text="", finish=Finish.REFUSED)
    return sample if sample.text.strip() and _is_usable(sample) else Sample(text="", finish=Finish.EMPTY)


def _why_none(samples: Sequence[Sample]) -> str:
    """Why there is no usable sample. A function of the samples alone: when they are read again, it says the same."""
    if any(sample.finish is Finish.REFUSED for sample in samples):
        return "the language model refused to answer, also when asked again"
    return (
        "the language model answered with nothing, also when asked again; "
        "one that thinks may need more tokens for an answer (--max-output-tokens)"
    )
