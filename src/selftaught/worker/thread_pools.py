"""Thread pools of libraries that expect processes beside their threads. Here there are threads and no processes."""

from __future__ import annotations

import concurrent.futures
import ctypes
import threading
from collections.abc import Callable
from typing import Any, Self


class LateCall(BaseException):
    """Raised in a call that took longer than its caller would wait."""


def make_standard_pool_work() -> None:
    """Nothing; `multiprocessing.pool.ThreadPool` can be used from now on.

    Beside its threads it has one queue of the kind that connects processes, and the locks of such a queue need
    semaphores in shared memory, which are refused here. Between threads, locks of threads do. Pools of processes are
    refused as before.
    """
    from multiprocessing import context, queues

    def simple_queue(_context: object) -> Any:
        return queues.SimpleQueue(ctx=threading)

    context.BaseContext.SimpleQueue = simple_queue  # type: ignore[assignment,method-assign]


class _Call(concurrent.futures.Future[Any]):
    """A call in a thread of its own; whoever waits in vain for its result interrupts it."""

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        super().__init__()
        self._call = (function, arguments, keywords)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.set_running_or_notify_cancel()
        self.thread.start()

    def result(self, timeout: float | None = None) -> Any:
        """What the call returned.

        Raises:
            TimeoutError: It took longer than `timeout` seconds. In Python code it is interrupted soon after.
        """
        try:
            return super().result(timeout)
        except concurrent.futures.TimeoutError:
            if not self.done():
                self.interrupt()
            raise

    def interrupt(self) -> None:
        """Nothing; the call ends at its next step, unless it stands in C code or catches everything."""
        identity = ctypes.c_ulong(self.thread.ident or 0)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(identity, ctypes.py_object(LateCall))

    def _run(self) -> None:
        function, arguments, keywords = self._call
        try:
            value = function(*arguments, **keywords)
        except BaseException as error:  # the caller gets whatever it was  # noqa: BLE001
            self.set_exception(error)
        else:
            self.set_result(value)


class ThreadPool:
    """`pebble.ThreadPool`: each call has a thread of its own, and one that is waited for in vain is interrupted.

    In the library such a call keeps its thread and computes on, at the cost of those after it.
    """

    def __init__(self, *_sizes: object, **_more_sizes: object) -> None:
        self.active = True
        self._calls: list[_Call] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()
        self.join()

    def schedule(self, function: Callable[..., Any], args: Any = (), kwargs: dict[str, Any] | None = None) -> _Call:
        """The future of `function(*args, **kwargs)`."""
        if not self.active:
            raise RuntimeError("this pool is closed")
        call = _Call(function, tuple(args), dict(kwargs or {}))
        self._calls = [known for known in self._calls if not known.done()] + [call]
        return call

    def submit(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> _Call:
        """The future of `function(*args, **kwargs)`."""
        return self.schedule(function, args, kwargs)

    def close(self) -> None:
        """Nothing; no more calls are taken."""
        self.active = False

    def stop(self) -> None:
        """Nothing; no more calls are taken, and those under way are interrupted."""
        self.active = False
        for call in self._calls:
            if not call.done():
                call.interrupt()

    def join(self, timeout: float | None = None) -> None:
        """Nothing; returns when all calls have ended."""
        for call in self._calls:
            call.thread.join(timeout)
