"""A language model of any provider: asks for as many samples as are wanted, waits, tries again, counts and remembers.

request ── for each message ── book of answers: what is known is not asked for
                │
             sampling    n asked, choices counted, the rest topped up; empty ones asked for again
                │
             attempts    faults, pauses, the time of a call; reserve, ask, enter what was spent
                │
             provider    one exchange, tried once
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from selftaught.errors import ConfigError, LanguageModelError, LanguageModelUnavailable
from selftaught.ledger import NOTHING, Spending
from selftaught.models.answer_book import Asked, answer_key
from selftaught.models.attempts import Attempts, Exchange
from selftaught.models.availability import Availability, said
from selftaught.models.context import ModelContext
from selftaught.models.language_model import CallFailed, LanguageModel, Reply, Request, Sample
from selftaught.models.prices import price_of, why_unbounded
from selftaught.models.prompts import ANSWER_FORMAT, expertise_sent
from selftaught.models.provider import Fault, Prompt, Provider, ProviderFault
from selftaught.models.sampling import Sampling, all_ended
from selftaught.models.throttle import Throttle
from selftaught.models.timing import Timing
from selftaught.settings import PAPER_BUDGET, ModelSettings
from selftaught.single_flight import SingleFlight


@dataclass(kw_only=True)
class _Answered:
    """The samples for one message, or why there are none, and what of them nobody has been charged yet."""

    key: str
    samples: list[Sample]
    n_known: int
    uncharged: Spending
    error: LanguageModelError | None = None

    def charge(self) -> tuple[Spending, int]:
        """What was spent on the samples and how many were known, for who asks first; all were known to the others."""
        charged = self.uncharged, self.n_known
        self.uncharged, self.n_known = NOTHING, len(self.samples)
        return charged


class RemoteModel(LanguageModel):
    """A language model that a provider serves; made for one run."""

    improvement_budget = PAPER_BUDGET
    meta_budget = PAPER_BUDGET
    counts_tokens = True

    def __init__(self, provider: Provider, context: ModelContext, *, timing: Timing | None = None) -> None:
        """The model of a provider.

        Args:
            provider: Who serves it.
            context: The run that it is for.
            timing: Time and chance.
        """
        timing = timing or Timing()
        settings = context.settings
        self.info = provider.info
        self.price = price_of(provider.price_provider, provider.model, settings)
        self._provider = provider
        self._context = context
        self._settings = settings
        same_command = f"the same command with --rng-seed {context.rng_seed}"
        self._timing = timing
        self._availability = Availability(
            provider,
            outage_seconds=settings.outage_seconds,
            mend=f"{context.mend or same_command} goes on from the answers that have come",
            on_wait=context.on_wait,
            timing=timing,
        )
        self._attempts = Attempts(
            provider=provider,
            price=self.price,
            ledger=context.ledger,
            throttle=Throttle(settings, self._availability, timing),
            availability=self._availability,
            book=context.book,
            timing=timing,
        )
        self._in_flight: SingleFlight[str, _Answered] = SingleFlight(n_kept=0)

    async def open(self) -> None:
        """Nothing; finds out whether the model can be had, before anything is spent.

        Raises:
            ConfigError: It cannot, or what it costs is bounded and not known.
            LanguageModelUnavailable: It could be had before, and was waited for in vain.
        """
        unbounded = why_unbounded(self.info.name, self.price, self._settings)
        if unbounded is not None:
            raise ConfigError(unbounded)
        while not await self._is_open():
            await self._timing.sleep(self._availability.pause_seconds)
        self.info = self._provider.info

    async def _is_open(self) -> bool:
        """Whether it can be had now; False if it is waited for."""
        began = self._timing.clock()
        try:
            await self._provider.open()
        except ProviderFault as fault:
            if fault.fault is Fault.DOWN and self._context.is_awaited:
                self._availability.missed(fault, began)
                return False
            if fault.fault is not Fault.BUSY:  # who asks for patience is there
                raise ConfigError(_why_closed(self._provider, fault)) from None
        self._availability.answered()
        return True

    async def close(self) -> None:
        """Nothing; what is in flight is given up, and connections are let go."""
        await self._in_flight.close()
        await self._attempts.throttle.close()
        self._availability.stop_telling()
        await self._provider.close()

    async def answer(self, request: Request) -> Reply:
        """`n_responses` samples for each message, in the order of the messages.

        Raises:
            CallFailed: The model did not answer this request, or a message of it; the improver is told.
            LanguageModelUnavailable: It cannot be reached, or its key does not serve; the run ends.
            RunBudgetExceeded: The run may not spend what the request can cost; it ends.
        """
        # A message that fails does not lose the others.
        answered = await all_ended(self._answered(request, index) for index in range(len(request.messages)))
        charges = [each.charge() for each in answered]
        spending = sum((spending for spending, _ in charges), NOTHING)
        keys = tuple(each.key for each in answered)
        error = next((each.error for each in answered if each.error is not None), None)
        if error is not None:
            raise CallFailed(str(error), retryable=error.retryable, spending=spending, keys=keys)
        return Reply(
            samples=tuple(sample for each in answered for sample in each.samples),
            spending=spending,
            n_known=sum(n_known for _, n_known in charges),
            keys=keys,
            system_message=expertise_sent(request.expertise),
        )

    async def _answered(self, request: Request, index: int) -> _Answered:
        """The samples for one message. Who asks the same while it is in flight waits for the same samples."""
        key = answer_key(identity(self._provider, self._settings), self._context.rng_seed, request, index)

        return await self._in_flight.get(key, lambda: self._ask(request, index, key))

    async def _ask(self, request: Request, index: int, key: str) -> _Answered:
        async def exchange(prompt: Prompt) -> Exchange:
            return await self._attempts.exchange(prompt, request.scope)

        async def keep(samples: Mapping[int, Sample], came: Exchange, asked: Asked | None) -> None:
            await self._context.book.keep(key, samples, came.spending, came.reserved, asked)

        known = await self._known(key, request.n_responses)  # of fresh ones the book knows the own only
        owed = await self._context.book.owed(key)
        sampling = Sampling(prompt=self._prompt(request, index), exchange=exchange, keep=keep, samples=dict(known))
        if len(known) < request.n_responses:
            sampling.recall(await self._context.book.asked(key))
        try:
            samples = await sampling.complete()
        except LanguageModelUnavailable:
            raise
        except LanguageModelError as error:
            return _Answered(key=key, samples=[], n_known=0, uncharged=owed.spending + sampling.spending, error=error)
        # Another process may have been faster; then its samples are the ones that stand, here and for ever.
        stand = await self._known(key, request.n_responses)
        samples = [stand.get(ordinal, sample) for ordinal, sample in enumerate(samples)]
        return _Answered(
            key=key,
            samples=samples,
            n_known=len(known.keys() - set(owed.ordinals)),
            uncharged=owed.spending + sampling.spending,
        )

    async def _known(self, key: str, n: int) -> dict[int, Sample]:
        """The samples that need not be asked for."""
        known = await self._context.book.known(key)
        return {ordinal: sample for ordinal, sample in known.items() if 0 <= ordinal < n}

    def _prompt(self, request: Request, index: int) -> Prompt:
        return Prompt(
            expertise=expertise_sent(request.expertise),
            message=request.messages[index],
            n_samples=request.n_responses,
            temperature=request.temperature,
            max_output_tokens=self._settings.max_output_tokens,
            rng_seed=request.rng_seed(self._provider.model, self._context.rng_seed, index),
            seconds=self._settings.call_seconds,
        )


def identity(provider: Provider, settings: ModelSettings) -> str:
    """All that decides how a model answers: which it is, where, and how it is told to think and to answer."""
    info = provider.info
    told = (settings.max_output_tokens, settings.reasoning_effort, settings.thinking_tokens, ANSWER_FORMAT)
    return "\x1f".join(map(str, (info.name, info.version, provider.model, provider.where, *told)))


def _why_closed(provider: Provider, fault: ProviderFault) -> str:
    """Why a model cannot be had, and the mend."""
    who = f"the model {provider.info.name} cannot be used"
    if fault.fault is Fault.DOWN:
        return f"{who}: nobody answers at {provider.where} ({said(fault)}); start the server, or mend the address"
    if fault.fault is Fault.UNKNOWN_MODEL:
        return f"{who}: there is no model {provider.model} at {provider.where} ({said(fault)}); name another"
    if fault.fault is Fault.KEY:
        return f"{who}: {said(fault)}"
    how = f"{provider.where} does not answer as a provider of models should ({said(fault)})"
    return f"{who}: {how}; mend the address, or try again later"
