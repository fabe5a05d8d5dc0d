"""One exchange, made in spite of faults: tried again, waited for, paid for; and given up with a sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from selftaught.errors import (
    LanguageModelError,
    LanguageModelUnavailable,
    RunBudgetExceeded,
    SelfTaughtError,
    StoreUnavailable,
)
from selftaught.ledger import NOTHING, Ledger, Spending
from selftaught.models.answer_book import AnswerBook, Reservations
from selftaught.models.availability import Availability, said
from selftaught.models.counting import is_unbilled, spent_on, spent_on_fault, worst_case
from selftaught.models.language_model import Sample
from selftaught.models.prices import Price
from selftaught.models.provider import Completion, Fault, Prompt, Provider, ProviderFault
from selftaught.models.throttle import Throttle
from selftaught.models.timing import Timing

MOST_BROKEN = 5
"""So many answers in a row that are none, maybe all paid for, and the improver is told."""

_AWAY = (Fault.BUSY, Fault.DOWN)


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """What came of one exchange, all attempts together.

    Attributes:
        samples: What came.
        spending: What it took.
        seconds: How long it took, without the time in which the provider could not be had or was not asked.
        reserved: The reservations on record under which it was made, and whether the cost of each is in `spending`.
        error: Why nothing came of it, after all attempts; None if something did.
    """

    samples: tuple[Sample, ...]
    spending: Spending
    seconds: float
    reserved: Reservations = field(default_factory=dict)
    error: SelfTaughtError | None = None


@dataclass(frozen=True, kw_only=True)
class _Attempt:
    """What came of one attempt: a completion or a fault."""

    came: Completion | ProviderFault
    spending: Spending
    began: float
    n_answered_before: int
    reserved: Reservations


@dataclass(frozen=True, kw_only=True)
class Attempts:
    """Makes exchanges with a provider in spite of faults.

    Attributes:
        provider: Who.
        price: What its tokens cost; None if nobody knows.
        ledger: Where spending is reserved and entered.
        throttle: Who may ask when.
        availability: Whether the provider can be had.
        book: Where reservations are put on record.
        timing: Time and chance.
    """

    provider: Provider
    price: Price | None
    ledger: Ledger
    throttle: Throttle
    availability: Availability
    book: AnswerBook
    timing: Timing

    async def exchange(self, prompt: Prompt, scope: str) -> Exchange:
        """What came of a prompt, asked by a scope. `prompt.seconds` holds for all attempts together.

        If nothing did, its `error` is a LanguageModelError where the provider rejects it, took too long, or sends no
        answers, which the improver is told. It is a LanguageModelUnavailable where the provider cannot be had or does
        not take the key, a RunBudgetExceeded where the run may not spend what it may cost, and a StoreUnavailable where
        there is no room to record it: these end the run.
        """
        spending, reserved = NOTHING, dict[str, bool]()
        seconds = 0.0
        faults: list[ProviderFault] = []
        n_given_up = self.availability.n_given_up
        error: SelfTaughtError | None = None
        try:
            while error is None and seconds < prompt.seconds:
                attempt = await self._attempt(replace(prompt, seconds=prompt.seconds - seconds), scope, n_given_up)
                spending += attempt.spending
                reserved |= attempt.reserved
                if isinstance(attempt.came, Completion):
                    seconds += self.timing.clock() - attempt.began
                    samples = attempt.came.samples
                    return Exchange(samples=samples, spending=spending, seconds=seconds, reserved=reserved)
                faults.append(attempt.came)
                error = self._why_given_up(faults)
                if error is None:
                    seconds += await self._get_over(attempt, faults, prompt.seconds - seconds)
        except (LanguageModelUnavailable, RunBudgetExceeded, StoreUnavailable) as ended:
            error = ended
        too_long = f"the language model took too long{_last(faults)} (--call-seconds)"
        error = error or LanguageModelError(too_long, retryable=True)
        return Exchange(samples=(), spending=spending, seconds=seconds, reserved=reserved, error=error)

    async def _attempt(self, prompt: Prompt, scope: str, n_given_up: int) -> _Attempt:
        worst = worst_case(prompt, self.price)
        async with self.throttle.admitted(scope, prompt) as admission, self.ledger.reserved(worst) as reservation:
            reservation.enter(NOTHING)
            on_record = await self._reserved(worst, n_given_up)
            reservation.is_counted = False  # from here on it may be paid for, also if it is cut off
            began = self.timing.clock()
            n_answered_before = self.availability.n_answered
            came = await self._complete(prompt)
            if isinstance(came, Completion):
                spent = spent_on(came, prompt, self.price)
            else:
                spent = spent_on_fault(came, self.price)
            is_free = is_unbilled(came)
            is_counted = spent.tokens > 0 or is_free
            if is_free:
                self.book.settle(on_record)
            reservation.enter(replace(spent, seconds=self.timing.clock() - began), is_counted=is_counted)
            if is_counted:
                self.throttle.correct(admission, spent.tokens, spent.tokens_out)
            self._tell(came, began)
            return _Attempt(
                came=came,
                spending=reservation.spent,
                began=began,
                n_answered_before=n_answered_before,
                reserved={} if is_free else {on_record: is_counted},
            )

    async def _reserved(self, worst: Spending, n_given_up: int) -> str:
        """The name of the reservation on record for what is sent next.

        Raises:
            LanguageModelUnavailable: The provider was given up meanwhile.
        """
        on_record = await self.book.reserve(worst)
        try:
            self.availability.check(n_given_up)
        except LanguageModelUnavailable:
            self.book.settle(on_record)
            raise
        return on_record

    def _tell(self, came: Completion | ProviderFault, began: float) -> None:
        """Nothing; all others know what came before the next of them is admitted.

        Raises:
            LanguageModelUnavailable: The run has waited for long enough.
        """
        fault = None if isinstance(came, Completion) else came.fault
        if fault is Fault.BUSY:
            self.throttle.slow_down(began)
        if isinstance(came, ProviderFault) and came.fault in _AWAY:
            self.availability.missed(came, began)
        elif fault is not Fault.SLOW:
            self.availability.answered()
            self.throttle.speed_up()

    async def _complete(self, prompt: Prompt) -> Completion | ProviderFault:
        """What came. The time is kept here too: a client's time-out may begin anew with each byte that drips."""
        try:
            async with asyncio.timeout(prompt.seconds):
                return await self.provider.complete(prompt)
        except ProviderFault as fault:
            return fault
        except TimeoutError:
            return ProviderFault(Fault.SLOW, f"no whole answer within {prompt.seconds:.3g} s")

    async def _get_over(self, attempt: _Attempt, faults: list[ProviderFault], left: float) -> float:
        """The seconds that a failed attempt and the pause after it take of those that are left to the call."""
        last = faults[-1]
        pause = self.timing.backoff_seconds(len(faults))
        if last.fault in _AWAY:
            await self.timing.sleep(min(pause, self.availability.patience_seconds))
            was_reached = self.availability.n_answered != attempt.n_answered_before
            return self.timing.clock() - attempt.began if was_reached else 0.0
        left -= self.timing.clock() - attempt.began
        await self.timing.sleep(max(min(pause, left), 0.0))
        return self.timing.clock() - attempt.began

    def _why_given_up(self, faults: Sequence[ProviderFault]) -> LanguageModelError | None:
        """What the improver is told; None where asking again may help.

        Raises:
            LanguageModelUnavailable: The key does not serve, or there is no such model, or no provider.
        """
        fault, n_broken = faults[-1], sum(fault.fault is Fault.BROKEN for fault in faults)
        if fault.fault in (Fault.KEY, Fault.UNKNOWN_MODEL, Fault.NO_PROVIDER):
            self.availability.give_up(self.availability.unusable(fault))
        if fault.fault is Fault.REJECTED:
            return LanguageModelError(f"the language model rejected the request: {said(fault)}", retryable=False)
        if fault.fault not in _AWAY and n_broken >= MOST_BROKEN:
            message = f"the language model sent {n_broken} answers that are none: {said(fault)}"
            return LanguageModelError(message, retryable=True)
        return None


def _last(faults: list[ProviderFault]) -> str:
    return f": {said(faults[-1])}" if faults else ""
