"""How much a provider may be asked: in a minute, and at once."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

MINUTE_SECONDS = 60.0


@dataclass(kw_only=True, eq=False)
class Taken:
    """What was taken at a time; it counts for a minute."""

    amount: float
    at: float
    counts: bool


class MinuteLimit:
    """A limit on what is taken in any 60 seconds, wherever they begin.

    A bucket that fills up evenly would let nearly twice the limit through in its first minute; this does not. What is
    not known before is taken as estimated, and corrected when it is known.
    """

    def __init__(self, limit: float | None) -> None:
        """Nothing taken yet; None is no limit."""
        self.limit = limit
        self._taken: deque[Taken] = deque()
        self._sum = 0.0

    def wait_seconds(self, amount: float, now: float) -> float:
        """How long until an amount may be taken: one beyond the limit, when nothing else was within a minute."""
        if self.limit is None:
            return 0.0
        self._forget(now)
        left = self._sum
        room = max(self.limit - amount, 0.0)
        wait = 0.0
        for taken in self._taken:
            if left <= room + _ROUNDING:
                break
            left -= taken.amount
            wait = taken.at + MINUTE_SECONDS - now
        return wait

    def take(self, amount: float, now: float) -> Taken:
        """What is taken, so that it can be corrected."""
        taken = Taken(amount=amount, at=now, counts=self.limit is not None)
        if taken.counts:
            self._taken.append(taken)
            self._sum += amount
        return taken

    def correct(self, taken: Taken, amount: float) -> None:
        """Nothing; it was another amount."""
        if taken.counts:
            self._sum += amount - taken.amount
            taken.amount = amount

    def _forget(self, now: float) -> None:
        while self._taken and self._taken[0].at + MINUTE_SECONDS <= now:
            old = self._taken.popleft()
            old.counts = False
            self._sum -= old.amount
        if not self._taken:
            self._sum = 0.0


_ROUNDING = 1e-6


class Concurrency:
    """How many exchanges may be in flight: fewer after a provider asked for patience, and slowly more again."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.now = most
        self._n_answered = 0
        self._slowed_at: float | None = None

    def slow_down(self, n_in_flight: int, began: float, now: float) -> None:
        """Nothing; half of what is in flight, once for all exchanges that were in flight at the same time.

        Args:
            n_in_flight: How many are, the one that was refused included.
            began: When that began.
            now: The time.
        """
        if self._slowed_at is None or began >= self._slowed_at:
            self.now = max(min(self.now, n_in_flight) // 2, 1)
            self._slowed_at = now
            self._n_answered = 0

    def speed_up(self) -> None:
        """Nothing; one more, after as many answers as may be in flight."""
        self._n_answered += 1
        if self._n_answered >= self.now:
            self._n_answered = 0
            self.now = min(self.now + 1, self.most)
