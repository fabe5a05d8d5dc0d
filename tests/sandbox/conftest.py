"""Which modes of isolation this machine has: found by trying each once."""

from __future__ import annotations

import asyncio
import functools

import pytest

from selftaught.errors import SandboxError
from selftaught.sandbox import Sandbox, SandboxConfig

MODES = ("full", "confined", "sealed")


@functools.cache
def works(mode: str) -> str | None:
    """Returns why a mode cannot be had here; None if it works."""

    async def start() -> None:
        async with await Sandbox.start(SandboxConfig(workers=1, mode=mode, self_test=False)):  # type: ignore[arg-type]
            pass

    try:
        asyncio.run(start())
    except SandboxError as error:
        return str(error)
    return None


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    """Each mode of isolation in turn; those that this machine lacks are skipped."""
    why = works(request.param)
    if why is not None:
        pytest.skip(why)
    return str(request.param)
