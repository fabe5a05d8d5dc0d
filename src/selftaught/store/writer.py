"""Group commit: one thread writes all that is pending in one transaction; many waiters share one commit.

A batch that cannot be written is kept, in order, and tried again when somebody next asks whether it is durable: so a
failure reaches whoever depends on the rows, and nothing is lost where the cause goes away (a full disk, a lock).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

from selftaught.errors import StoreError

Change = TypeVar("Change")

LINGER_SECONDS = 0.2
"""How long a change waits for company when nobody waits for it."""
LARGE_BATCH = 2000
"""So many changes are written at once even if nobody waits for them."""


class Writer(Generic[Change]):
    """A thread that hands batches of changes to `write`, in order, one batch at a time.

    Args:
        write: Writes a batch in one transaction, or raises and leaves nothing of it.
    """

    def __init__(self, write: Callable[[Sequence[Change]], None]) -> None:
        self._write = write
        self._pending: list[Change] = []
        self._waiters: list[Future[None]] = []
        self._writing = False
        self._stalled = False
        self._closing = False
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None

    def put(self, *changes: Change) -> None:
        """Nothing; `changes` are written soon, all of them in one batch.

        Raises:
            StoreError: The store is closed.
        """
        with self._wake:
            if self._closing:
                raise StoreError("the store is closed: open it again to write to it")
            n_before = len(self._pending)
            self._pending.extend(changes)
            self._start_thread()
            if n_before == 0 or n_before < LARGE_BATCH <= len(self._pending):
                self._wake.notify()

    def committed(self) -> Future[None]:
        """Done when every change put so far is durable; raises what stopped them from being so."""
        future: Future[None] = Future()
        with self._wake:
            if self._pending or self._writing:
                self._waiters.append(future)
                self._wake.notify()
                return future
        future.set_result(None)
        return future

    @property
    def busy(self) -> bool:
        """Whether something is not durable yet."""
        return bool(self._pending) or self._writing

    def close(self) -> None:
        """Nothing; writes what is pending and ends the thread. Closing twice is allowed.

        Raises:
            StoreError: Something could not be written.
        """
        last = self.committed()
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()
        last.result()

    def _start_thread(self) -> None:
        if self._thread is None:
            # A daemon, so that a program that forgot to close still ends; `Store` closes it at exit.
            self._thread = threading.Thread(target=self._work, name="selftaught-store", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while self._wait():
            with self._wake:
                batch, self._pending = self._pending, []
                waiters, self._waiters = self._waiters, []
                self._writing = True
            failure = self._try(batch)
            with self._wake:
                self._writing = False
                self._stalled = failure is not None
                if failure is not None:
                    self._pending[:0] = batch
            _tell(waiters, failure)

    def _wait(self) -> bool:
        """Whether to go on: true when a batch is due, false when all is done and the writer is closing."""
        with self._wake:
            self._wake.wait_for(lambda: self._urgent() or (bool(self._pending) and not self._stalled))
            if not self._urgent():
                self._wake.wait_for(self._urgent, LINGER_SECONDS)
            return bool(self._waiters) or not self._closing

    def _urgent(self) -> bool:
        return bool(self._waiters) or self._closing or (len(self._pending) >= LARGE_BATCH and not self._stalled)

    def _try(self, batch: Sequence[Change]) -> BaseException | None:
        """What went wrong, if anything did: whatever it is, it belongs to those who wait, and the thread lives on."""
        if not batch:
            return None
        try:
            self._write(batch)
        except Exception as error:  # noqa: BLE001
            return error
        return None


def _tell(waiters: Sequence[Future[None]], failure: BaseException | None) -> None:
    for waiter in waiters:
        if not waiter.set_running_or_notify_cancel():
            continue
        if failure is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(failure)
