"""One computation for each key, however many ask for it and whoever of them is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class SingleFlight(Generic[Key, Value]):
    """Results by key; each is computed once, in a task of its own, and kept."""

    def __init__(self) -> None:
        self._tasks: dict[Key, asyncio.Task[Value]] = {}

    async def get(self, key: Key, compute: Callable[[], Coroutine[Any, Any, Value]]) -> Value:
        """The result for a key; an exception of the computation comes out for everyone who asks."""
        task = self._tasks.get(key)
        if task is None:
            # Not awaited directly: whoever asked first may be cancelled while others wait for the same result.
            task = self._tasks[key] = asyncio.create_task(compute())
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Nothing; afterwards no computation is under way."""
        running = [task for task in self._tasks.values() if not task.done()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
