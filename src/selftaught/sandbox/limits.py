"""What the operating system enforces on one child, and how a sandbox is set up."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Literal

MIB = 1024 * 1024

Mode = Literal["full", "confined", "sealed", "unsandboxed"]


def available_cores() -> int:
    """Returns how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of one child. Going over one ends it, with an `Outcome`.

    Attributes:
        cpu_seconds: Its CPU time, all threads together, its start (2-5 ms) included.
        wall_seconds: Its time by the clock, not counting what passes within `Child.wall_paused()`.
        memory_bytes: Its address space above the zygote's own; each thread takes 4 MiB of it for its stack.
        frame_bytes: The largest message accepted from it. What the engine makes of a message can take up to
            112 times as much memory for a moment (dicts with one number as key).
        threads: Whether it may start threads, up to `MAX_THREADS`. `ThreadPoolExecutor` is ordinary in what models
            write, so it is allowed by default; the CPU limit counts all threads.
    """

    cpu_seconds: float = 2.0
    wall_seconds: float = 30.0
    memory_bytes: int = 512 * MIB
    frame_bytes: int = 16 * MIB
    threads: bool = True


MAX_THREADS = 64
"""A child with more threads than this is ended."""


@dataclass(frozen=True, kw_only=True)
class SandboxConfig:
    """How a sandbox is set up.

    Attributes:
        workers: How many zygotes are kept, and how many children use the processor at once where the caller holds
            `Sandbox.slots`.
        mode: `auto` takes the strongest that works here; a named mode is taken or refused; `unsandboxed` protects
            from nothing.
        self_test: Whether the isolation is attacked once before it is trusted.
    """

    workers: int = field(default_factory=available_cores)
    mode: Literal["auto", "full", "confined", "sealed", "unsandboxed"] = "auto"
    self_test: bool = True
