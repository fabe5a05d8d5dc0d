"""The driver of the fuzzing: batches of inputs until the time is used up, then a look at the memory.

`docs/fuzzing.md` says how to run it for long, and how to repeat a batch.
"""

from __future__ import annotations

import gc
import itertools
import os
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis.strategies import SearchStrategy

N_TARGETS = 4
SECONDS = float(os.environ.get("FUZZ_SECONDS", "60")) / N_TARGETS
FIRST_SEED = int(os.environ.get("FUZZ_SEED", "0"))
INPUTS_PER_BATCH = 100
FEWEST_BATCHES = 3

MAX_GROWTH_BYTES = 16 * 1024 * 1024
"""What the process may grow by between the second fifth of the batches and the last one. The generator of inputs keeps
some megabytes of its own; in ten minutes, some kilobytes lost for each input show."""

N_KEPT = 40
N_WARM_UPS = 5
N_REPLAYS = 20
N_MEASURED = 3
"""The least growth of so many measurements counts: what each call loses is in every one of them, and what something
else in this process keeps or lets go meanwhile is not."""
MAX_BLOCKS_PER_CALL = 0.1
"""How many blocks of memory may be left over for each call, where the same inputs are read again and again. A single
object lost for each call is one; caches are full after the warm-up."""
MAX_REPLAY_GROWTH_BYTES = 4 * 1024 * 1024
"""How much the process may grow meanwhile, for memory that Python does not count; some 5 KB for each call."""


def resident_bytes() -> int:
    """How much memory this process holds."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def growth_over(samples: list[int]) -> int:
    """How much the last fifth of the samples lies above the second fifth; the first fifth is the warm-up."""
    n = max(len(samples) // 5, 1)
    return int(statistics.median(samples[-n:]) - statistics.median(samples[n : 2 * n] or samples[:1]))


@dataclass
class Sample:
    """Some of all inputs, each with the same chance."""

    kept: list[Any] = field(default_factory=list)
    n_seen: int = 0

    def see(self, value: Any) -> None:
        self.n_seen += 1
        if len(self.kept) < N_KEPT:
            self.kept.append(value)
        elif (place := random.Random(self.n_seen).randrange(self.n_seen)) < N_KEPT:
            self.kept[place] = value


def run_batch(inputs: SearchStrategy[Any], check: Callable[[Any], None], seed: int) -> None:
    """Checks some inputs; one that fails is made small, and printed."""
    run = hypothesis.given(inputs)(check)
    settings = hypothesis.settings(
        max_examples=INPUTS_PER_BATCH,
        deadline=None,
        database=None,
        print_blob=True,
        phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    hypothesis.seed(seed)(settings(run))()


def growth_of_replays(values: list[Any], check: Callable[[Any], None]) -> tuple[float, int]:
    """How many blocks for each call, and how many bytes in all, are left over when the same inputs are read again."""

    def replay(times: int) -> tuple[int, int]:
        for _ in range(times):
            for value in values:
                check(value)
        return resident_bytes(), sys.getallocatedblocks()

    held = [replay(N_WARM_UPS), *(replay(N_REPLAYS) for _ in range(N_MEASURED))]
    grown_bytes, grown_blocks = zip(
        *((bytes_after - bytes_before, blocks_after - blocks_before)
          for (bytes_before, blocks_before), (bytes_after, blocks_after) in itertools.pairwise(held)),
        strict=True,
    )  # fmt: skip
    return min(grown_blocks) / (N_REPLAYS * len(values)), min(grown_bytes)


def fuzz(name: str, inputs: SearchStrategy[Any], check: Callable[[Any], None], seconds: float = SECONDS) -> None:
    """Checks random inputs until the time is used up, and that neither they nor their repetition cost memory."""
    sample = Sample()
    held: list[int] = []

    def checked(value: Any) -> None:
        sample.see(value)
        check(value)

    ends = time.monotonic() + seconds
    while time.monotonic() < ends or len(held) < FEWEST_BATCHES:
        seed = FIRST_SEED + len(held)
        try:
            run_batch(inputs, checked, seed)
        except BaseException as error:
            error.add_note(f"{name}: batch of FUZZ_SEED={seed}")
            raise
        held.append(resident_bytes())
    grown = growth_over(held)
    blocks, replay_grown = growth_of_replays(sample.kept, check)
    print(
        f"\n{name}: {sample.n_seen:,} inputs in {len(held)} batches, seeds {FIRST_SEED} to {seed}; resident "
        f"{held[0] / 2**20:.1f} MiB after the first batch, {held[-1] / 2**20:.1f} after the last, growth "
        f"{grown / 2**20:+.2f} MiB; replays: {blocks:+.4f} blocks for each call, {replay_grown / 2**20:+.2f} MiB"
    )
    assert grown <= MAX_GROWTH_BYTES, f"{name} grew by {grown:,} bytes"
    assert blocks <= MAX_BLOCKS_PER_CALL, f"{name} leaves {blocks:.2f} blocks for each call"
    assert replay_grown <= MAX_REPLAY_GROWTH_BYTES, f"{name} grew by {replay_grown:,} bytes in replays"


@pytest.fixture(name="fuzz", scope="session")
def fuzz_fixture() -> Callable[..., None]:
    """`fuzz(name, inputs, check)`: checks random inputs for as long as `FUZZ_SECONDS` says."""
    return fuzz


@pytest.fixture(scope="session")
def memory_growth() -> Callable[[list[int]], int]:
    """`memory_growth(samples)`: by how much the last of the samples lie above the first."""
    return growth_over


@pytest.fixture(scope="session")
def max_growth_bytes() -> int:
    """What a process may grow by in a run."""
    return MAX_GROWTH_BYTES
