"""Whether a provider can be had: how long it has been away, what a person is told, and when a run gives up waiting."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from typing import NoReturn

from selftaught.errors import LanguageModelUnavailable
from selftaught.models.provider import Fault, Provider, ProviderFault
from selftaught.models.timing import Timing
from selftaught.source import one_line, printable

TELL_AFTER_SECONDS = 3.0
"""A shorter wait is not worth a sentence."""

MAX_SAID_CHARACTERS = 300
"""How much of what a provider says of a fault is told."""


def said(fault: ProviderFault) -> str:
    """What a provider says of a fault, in one line that is safe to show."""
    return one_line(printable(str(fault)))[:MAX_SAID_CHARACTERS]


class Availability:
    """One provider's, as all exchanges of a run find it.

    It is away from the first exchange that found nobody, or was asked for patience, until one that is answered.

    Attributes:
        n_answered: How many exchanges it answered, with whatever; a change says that it can be reached.
        n_given_up: How often it was given up; a change says that whoever waits for it need not.
    """

    def __init__(
        self,
        provider: Provider,
        *,
        outage_seconds: float,
        mend: str,
        on_wait: Callable[[str | None], None],
        timing: Timing,
    ) -> None:
        """The availability of a provider that nobody has asked yet.

        Args:
            provider: Who.
            outage_seconds: How long it may be away.
            mend: How to go on after the run has ended, for a person.
            on_wait: Told a sentence while nothing goes on, and None when it does.
            timing: Time and chance.
        """
        self.n_answered = 0
        self.n_given_up = 0
        self._provider = provider
        self._outage_seconds = outage_seconds
        self._mend = mend
        self._on_wait = on_wait
        self._timing = timing
        self._n_missed = 0
        self._away_since: float | None = None
        self._seen_away_at = timing.time_of_day()
        self._missed_at = self._pause_until = -math.inf
        self._asked_until = -math.inf
        self._told: str | None = None
        self._last_words = ""

    @property
    def pause_seconds(self) -> float:
        """How long nobody should ask it."""
        return max(self._asked_until - self._timing.clock(), self._pause_until - self._timing.clock(), 0.0)

    @property
    def patience_seconds(self) -> float:
        """How long the run waits for it yet."""
        since = self._timing.clock() if self._away_since is None else self._away_since
        return max(since + self._outage_seconds - self._timing.clock(), 0.0)

    def answered(self) -> None:
        """Nothing; an exchange was answered, if only with an error that is about itself."""
        self.n_answered += 1
        self._is_back()
        if self._asked_until <= self._timing.clock():
            self.stop_telling()

    def asked(self) -> None:
        """Nothing; an exchange begins. While the provider is away, it finds out for all others, who wait for a while.

        Not for its end: who is back may take a minute for an answer.
        """
        if self._away_since is None:
            self.stop_telling()
        else:
            self._pause_until = self._timing.clock() + self._timing.backoff_seconds(self._n_missed)

    def missed(self, fault: ProviderFault, began: float) -> None:
        """Nothing; an exchange that began at a time found it away, so all others wait too.

        Raises:
            LanguageModelUnavailable: It has been away, or asks to be left alone, for longer than the run may wait.
        """
        now = self._timing.clock()
        if self._away_since is None:
            self._away_since, self._seen_away_at = now, self._timing.time_of_day()
        if began >= self._missed_at:  # all that were in flight when it went away count once
            self._n_missed += 1
            self._missed_at = now
            self._pause_until = now + self._timing.backoff_seconds(self._n_missed)
        self._asked_until = max(self._asked_until, now + (fault.retry_after_seconds or 0.0))
        give_up_at = self._away_since + self._outage_seconds
        if now >= give_up_at or self._asked_until > give_up_at:
            self.give_up(self._waited_enough(fault))
        self._pause_until = min(self._pause_until, give_up_at)
        if now + self.pause_seconds - self._away_since >= TELL_AFTER_SECONDS:
            self._tell(self._waiting(fault))

    def give_up(self, sentence: str) -> NoReturn:
        """Ends the run; all exchanges that wait end with the same sentence, at once and unasked.

        Raises:
            LanguageModelUnavailable: Always.
        """
        self.n_given_up += 1
        self._last_words = sentence
        self._is_back()  # whoever asks from now on finds out anew
        self._asked_until = -math.inf
        raise LanguageModelUnavailable(sentence)

    def check(self, n_given_up: int) -> None:
        """Nothing, unless the provider was given up since it had been so often.

        Raises:
            LanguageModelUnavailable: It was.
        """
        if self.n_given_up != n_given_up:
            raise LanguageModelUnavailable(self._last_words)

    def unusable(self, fault: ProviderFault) -> str:
        """A sentence on a fault that waiting does not mend, and the mend."""
        if fault.fault is Fault.NO_PROVIDER:
            return f"{self._who} does not answer as a provider of models should: {said(fault)}"
        what = "does not serve with this key" if fault.fault is Fault.KEY else f"has no model {self._provider.model}"
        return f"{self._who} {what} ({said(fault)}); when that is mended, {self._mend}"

    def stop_telling(self) -> None:
        """Nothing; the last that a person was told is that it goes on."""
        self._tell(None)

    def _is_back(self) -> None:
        self._n_missed = 0
        self._away_since = None
        self._missed_at = self._pause_until = -math.inf

    def _tell(self, sentence: str | None) -> None:
        if sentence != self._told:
            self._told = sentence
            self._on_wait(sentence)

    def _waiting(self, fault: ProviderFault) -> str:
        until = self._seen_away_at + timedelta(seconds=self._outage_seconds)
        return f"{self._away(fault)}; waiting until {until:%H:%M:%S} at the most. Ctrl-C is safe: {self._mend}"

    def _waited_enough(self, fault: ProviderFault) -> str:
        wait = f"the run waits {self._outage_seconds:g} s at the most (--outage-seconds)"
        return f"{self._away(fault)}; {wait}, and {self._mend}"

    def _away(self, fault: ProviderFault) -> str:
        is_busy = fault.fault is Fault.BUSY
        how = "has asked for patience" if is_busy else "has not answered"
        longer = ""
        if fault.retry_after_seconds:
            longer = f", and for {fault.retry_after_seconds:g} s more"
        return f"{self._who} {how} since {self._seen_away_at:%H:%M:%S}{longer} ({said(fault)})"

    @property
    def _who(self) -> str:
        name, where = self._provider.info.name, self._provider.where
        return name if where in name else f"{name} ({where})"
