"""One computation for each key, however many ask for it; it goes on as long as one of them still waits."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class SingleFlight(Generic[Key, Value]):
    """Results by key; each is computed once, in a task of its own. What nobody waits for is given up.

    Attributes:
        has_forgotten: Whether a result was not kept: who computes may find that it was computed before.
    """

    def __init__(self, *, n_kept: int) -> None:
        """No results yet.

        Args:
            n_kept: How many results are kept for who asks later: those asked for last. What is not kept is computed
                anew. With 0, results are only shared by those who wait at the same time.
        """
        self.has_forgotten = False
        self._n_kept = n_kept
        self._tasks: dict[Key, asyncio.Task[Value]] = {}
        self._ended: OrderedDict[Key, None] = OrderedDict()
        self._waiting: Counter[asyncio.Task[Value]] = Counter()
        self._given_up: set[asyncio.Task[Value]] = set()

    async def get(self, key: Key, compute: Callable[[], Coroutine[Any, Any, Value]]) -> Value:
        """The result for a key; an exception of the computation comes out for everyone who asks."""
        task = self._tasks.get(key)
        if task is None:
            # Not awaited directly: whoever asked first may be cancelled while others wait for the same result.
            task = self._tasks[key] = asyncio.create_task(compute())
            task.add_done_callback(lambda done: self._keep(key, done))
        elif key in self._ended:
            self._ended.move_to_end(key)
        self._waiting[task] += 1
        try:
            return await asyncio.shield(task)
        finally:
            self._waiting[task] -= 1
            if not self._waiting[task]:
                del self._waiting[task]
                if not task.done():
                    self._give_up(key, task)

    def _give_up(self, key: Key, task: asyncio.Task[Value]) -> None:
        self._drop(key, task)
        self._given_up.add(task)
        task.add_done_callback(self._given_up.discard)
        task.cancel()

    def _keep(self, key: Key, task: asyncio.Task[Value]) -> None:
        if self._tasks.get(key) is not task:
            return
        self._ended[key] = None
        if len(self._ended) > self._n_kept:
            oldest, _ = self._ended.popitem(last=False)
            del self._tasks[oldest]
            self.has_forgotten = True

    def _drop(self, key: Key, task: asyncio.Task[Value]) -> None:
        if self._tasks.get(key) is task:
            del self._tasks[key]

    async def close(self) -> None:
        """Nothing; afterwards no computation is under way."""
        running = [task for task in self._tasks.values() if not task.done()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, *self._given_up, return_exceptions=True)
