"""One computation for each key, however many ask for it; it goes on as long as one of them still waits."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class SingleFlight(Generic[Key, Value]):
    """Results by key; each is computed once, in a task of its own, and kept. What nobody waits for is given up."""

    def __init__(self) -> None:
        self._tasks: dict[Key, asyncio.Task[Value]] = {}
        self._waiting: Counter[Key] = Counter()
        self._given_up: set[asyncio.Task[Value]] = set()

    async def get(self, key: Key, compute: Callable[[], Coroutine[Any, Any, Value]]) -> Value:
        """The result for a key; an exception of the computation comes out for everyone who asks."""
        task = self._tasks.get(key)
        if task is None:
            # Not awaited directly: whoever asked first may be cancelled while others wait for the same result.
            task = self._tasks[key] = asyncio.create_task(compute())
        self._waiting[key] += 1
        try:
            return await asyncio.shield(task)
        finally:
            self._waiting[key] -= 1
            if not self._waiting[key]:
                del self._waiting[key]
                if not task.done():
                    self._give_up(key, task)

    def _give_up(self, key: Key, task: asyncio.Task[Value]) -> None:
        del self._tasks[key]
        self._given_up.add(task)
        task.add_done_callback(self._given_up.discard)
        task.cancel()

    async def close(self) -> None:
        """Nothing; afterwards no computation is under way."""
        running = [task for task in self._tasks.values() if not task.done()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, *self._given_up, return_exceptions=True)
