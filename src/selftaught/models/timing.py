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
    """

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    time_of_day: Callable[[], datetime] = _local_time
    rng: random.Random = field(default_factory=random.Random)

    def backoff_seconds(self, n_failures: int) -> float:
        """How long to wait after so many failures in a row: doubled each time, and a random half of it left out."""
        longest = min(FIRST_PAUSE_SECONDS * 2.0 ** min(n_failures - 1, 30), LONGEST_PAUSE_SECONDS)
        return longest * self.rng.uniform(0.5, 1.0)


FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
