"""Doing work again whose child was lost by no doing of its own: no program is judged by what befell it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from selftaught.errors import SandboxError
from selftaught.sandbox.child import WorkerLost

RETRY_SECONDS = 0.1
MAX_LOSSES = 5
"""How often in a row."""

T = TypeVar("T")


async def despite_losses(job: Callable[[], Awaitable[T]]) -> T:
    """Returns what `job` returns; it is done again where its child was lost by no doing of its own.

    Raises:
        SandboxError: That happened too often in a row.
    """
    for attempt in range(MAX_LOSSES):
        try:
            return await job()
        except WorkerLost as lost:
            error = lost
        await asyncio.sleep(RETRY_SECONDS * 2**attempt)
    raise SandboxError(
        f"programs are ended from outside: {error}; mend: give less work at once (--workers 1) or more memory"
    )
