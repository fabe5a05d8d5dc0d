"""Time and chance, as whoever waits for a provider is given them."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime


def _local_time() -> datetime:
    return datetime.now().astimezone()


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Time and chance.

    Attributes:
        clock: Seconds, monotonic.
        sleep: Waits for so many seconds.
        time_of_day: What a person's clock shows, for sentences.
        rng: What the jitter of pauses is drawn from; no figure of a run depends on it.
        first_pause_seconds: The longest pause after one failure.
        longest_pause_seconds: The longest pause after many.
    """

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    time_of_day: Callable[[], datetime] = _local_time
    rng: random.Random = field(default_factory=random.Random)
    first_pause_seconds: float = 1.0
    longest_pause_seconds: float = 30.0

    def backoff_seconds(self, n_failures: int) -> float:
        """How long to wait after so many failures in a row: doubled each time, and a random half of it left out."""
        longest = min(self.first_pause_seconds * 2.0 ** min(n_failures - 1, 30), self.longest_pause_seconds)
        return longest * self.rng.uniform(0.5, 1.0)
