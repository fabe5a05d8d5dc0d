"""The engine's end of one child: messages, clocks, and how it ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator

from selftaught.errors import Outcome, Violation
from selftaught.sandbox.limits import MAX_THREADS, Limits, available_cores
from selftaught.violations import ViolationLog
from selftaught.worker import wire
from selftaught.worker.zygote import EXIT_OUT_OF_MEMORY

SHORTEST_TICK_SECONDS = 0.002
LONGEST_TICK_SECONDS = 0.1
END_GRACE_SECONDS = 0.5
CORES = available_cores()
MAX_REFUSED_CALLS = 1000
MAX_WATCHED_CALLS = 20_000
"""How many questions about a child's system calls the engine answers; importing a large library takes some 2,000."""
MAX_WATCHING_SECONDS = 10.0
"""How much of the engine's CPU time the answers may take."""

_CPU_CLOCK_OF_PROCESS = 2


class ChildEnded(Exception):
    """The child is gone; what it did is an `Outcome`, and no error of ours.

    Attributes:
        outcome: How it ended.
        message: One line about it.
    """

    def __init__(self, outcome: Outcome, message: str) -> None:
        super().__init__(f"{outcome}: {message}")
        self.outcome = outcome
        self.message = message


class WorkerLost(Exception):
    """The child is gone for a reason that is not its own; what it did says nothing. The message is the reason."""


class Connection(asyncio.Protocol):
    """The engine's end of a child's socket: it pushes back both ways, and holds one largest message and one read."""

    def __init__(self, frame_bytes: int) -> None:
        self._frame_bytes = frame_bytes
        self._received = bytearray()
        self.received_bytes = 0
        self._transport: asyncio.Transport | None = None
        self._paused = False
        self._on_read: Callable[[], None] = lambda: None
        self.changed = asyncio.Event()
        self.writable = asyncio.Event()
        self.writable.set()
        self.ended = False

    @property
    def pending(self) -> int:
        """How many bytes have come that no message was made of yet."""
        return len(self._received)

    @property
    def _is_full(self) -> bool:
        """Whether a whole message must be there, so that nothing need be read before it is taken."""
        return self.pending > self._frame_bytes + wire.HEADER_BYTES

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    @property
    def is_amid_message(self) -> bool:
        """Whether what has arrived and was not taken ends with a part of a message; whole ones may be there too."""
        start = 0
        while len(self._received) - start >= wire.HEADER_BYTES:
            start += wire.HEADER_BYTES + wire.frame_length(memoryview(self._received)[start:])
        return start != len(self._received)

    def data_received(self, data: bytes) -> None:
        self._received += data
        self.received_bytes += len(data)
        if self._is_full and self._transport is not None and not self._paused:
            self._transport.pause_reading()
            self._paused = True
        self.changed.set()

    def connection_lost(self, error: Exception | None) -> None:
        self.ended = True
        self.changed.set()
        self.writable.set()
        self._on_read()

    def when_read(self, call: Callable[[], None]) -> None:
        """Nothing; calls when nothing more will come, or nothing more is read for want of room."""
        self._on_read = call
        if self.ended or self._paused or self._transport is None:
            call()

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    def write(self, frame: bytes) -> None:
        if self._transport is not None:
            self._transport.write(frame)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def take(self) -> object:
        """Returns the next message, or `NOTHING` where it is not complete yet.

        Raises:
            WireError: The bytes are no message, or announce one that is too large.
        """
        if self.pending < wire.HEADER_BYTES:
            return NOTHING
        length = wire.frame_length(self._received)
        if length > self._frame_bytes:
            raise wire.WireError(f"a message of {length} bytes, more than {self._frame_bytes}")
        end = wire.HEADER_BYTES + length
        if self.pending < end:
            return NOTHING
        body = bytes(memoryview(self._received)[wire.HEADER_BYTES : end])
        del self._received[:end]
        if self._paused and not self._is_full and self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()
            self._paused = False
        return wire.decode(body)


NOTHING = object()


class Child:
    """One confined process that runs one role."""

    def __init__(self, limits: Limits, connection: Connection) -> None:
        self.limits = limits
        self._attempts = ViolationLog()
        self._n_refused = 0
        self._n_watched = 0
        self._watching_seconds = 0.0
        self._lost: WorkerLost | None = None
        self.started = asyncio.Event()
        self.ended = asyncio.Event()
        self._connection = connection
        self._verdict: ChildEnded | None = None
        self._closing = False
        self._pid = 0
        self._pidfd = -1
        self._final_cpu_seconds: float | None = None
        self._wall = _PausableClock()
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    async def send(self, message: object) -> None:
        """Sends a message; waits while the child is slow to read.

        Raises:
            ChildEnded: It is gone.
            WorkerLost: It is gone, by no doing of its own.
            WireError: The message is not plain data.
        """
        frame = wire.encode(message)
        if self._is_up:
            self._connection.write(frame)
            await self._connection.writable.wait()
        if not self._is_up:
            raise await self._how_it_ended()

    @property
    def _is_up(self) -> bool:
        return self._verdict is None and self._lost is None and not self._connection.ended

    async def receive(self) -> object:
        """Returns the next message, plain data; waits for it. What the child sent before it ended is still delivered.

        Raises:
            ChildEnded: It is gone, or what it sent is not a message.
            WorkerLost: It is gone, by no doing of its own.
        """
        while True:
            try:
                message = self._connection.take()
            except wire.WireError as error:
                self._condemn(Outcome.PROTOCOL_VIOLATION, str(error), kind="protocol")
                raise await self._how_it_ended() from None
            if message is not NOTHING:
                return message
            if self._connection.ended:
                raise await self._how_it_ended()
            self._connection.changed.clear()
            await self._connection.changed.wait()

    @contextlib.contextmanager
    def wall_paused(self) -> Iterator[None]:
        """Stops the wall clock meanwhile, while the engine serves a request; uses of it may nest and overlap."""
        self._wall.pause()
        try:
            yield
        finally:
            self._wall.resume()
            self._watch()

    @property
    def violations(self) -> tuple[Violation, ...]:
        """What it tried and is not allowed, as far as the isolation sees it."""
        return self._attempts.entries()

    @property
    def pid(self) -> int:
        """Its process id, as the engine sees it; 0 before it has started."""
        return self._pid

    @property
    def received_bytes(self) -> int:
        """How much it has sent so far, taken or not."""
        return self._connection.received_bytes

    @property
    def own_pid(self) -> int | None:
        """Its process id, as it sees it itself; None if it has gone."""
        return inner_pid_of(self._pidfd) if self._pidfd >= 0 else None

    def note_refusal(self, kind: str, detail: str) -> None:
        """Nothing; records a refused call, and ends a child that goes on and on."""
        self._attempts.add(kind, detail)
        self._n_refused += 1
        if self._n_refused > MAX_REFUSED_CALLS:
            message = f"it went on after {MAX_REFUSED_CALLS:,} refused system calls"
            self._condemn(Outcome.VIOLATION, message, kind="refusal_flood")

    def note_violation(self, kind: str, detail: str) -> None:
        """Nothing; records what was found of it elsewhere, unless one of that kind is known."""
        if not any(known.kind == kind for known in self.violations):
            self._attempts.add(kind, detail)

    def count_watched_call(self, seconds: float, *, is_look: bool = False) -> None:
        """Nothing; ends a child that keeps the engine busy, be it with calls that are in order.

        Args:
            seconds: What the answer cost of the engine's CPU time.
            is_look: Whether it was a mere look at a path, of which an import takes many: the time counts alone.
        """
        self._n_watched += not is_look
        self._watching_seconds += seconds
        if self._n_watched > MAX_WATCHED_CALLS or self._watching_seconds > MAX_WATCHING_SECONDS:
            message = f"it kept the engine busy with {self._n_watched:,} system calls, such as opening files"
            self._condemn(Outcome.VIOLATION, message, kind="refusal_flood")

    def end_for_attack(self, detail: str) -> None:
        """Nothing; kills a child that made a call that only an attack needs."""
        self._attempts.add("system_call", detail)
        self._condemn(Outcome.VIOLATION, f"it made a forbidden system call: {detail}")

    @property
    def cpu_seconds(self) -> float:
        """The CPU time used so far, all threads; read from outside the child. 0 where that cannot be told yet."""
        return self._read_cpu_seconds() or 0.0

    async def cpu_seconds_used(self) -> float:
        """The CPU time used so far, or in all.

        A process that has gone takes its clock with it, a moment before its zygote says what it used; so wait for that.
        """
        if self._read_cpu_seconds() is None:
            await self.ended.wait()
        return self.cpu_seconds

    def _read_cpu_seconds(self) -> float | None:
        if self._final_cpu_seconds is not None:
            return self._final_cpu_seconds
        try:
            return time.clock_gettime(((~self._pid) << 3) | _CPU_CLOCK_OF_PROCESS)
        except OSError:
            return None

    def process_started(self, pidfd: int) -> None:
        """Takes over a descriptor of the child's process; called by the zygote's end."""
        self._pidfd = pidfd
        self._pid = pid_of(pidfd)
        self._wall.start()
        self.started.set()
        if self._closing or self._verdict is not None:
            self._kill()
        else:
            self._watch_after(self._soonest(self.limits.cpu_seconds, self.limits.wall_seconds))

    def process_ended(self, status: int | None, cpu_seconds: float) -> None:
        """Notes how the process ended; called by the zygote's end, with None where the zygote itself is gone."""
        if self._final_cpu_seconds is not None:
            return
        if status is None:
            self._kill()
        self._final_cpu_seconds = cpu_seconds
        if self._timer is not None:
            self._timer.cancel()
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1
        # What it sent last may not have been read yet, and is part of how it ended.
        self._connection.when_read(lambda: self._finish(status, cpu_seconds))
        if not self.ended.is_set():
            self._loop.call_later(END_GRACE_SECONDS, self._finish, status, cpu_seconds)

    def _finish(self, status: int | None, cpu_seconds: float) -> None:
        """Says how the process ended, once all that it sent has been read."""
        if self.ended.is_set():
            return
        if self._verdict is None and not self._closing:
            self._lost = _loss(status, cpu_seconds, self.limits)
            if self._lost is None and status is not None:
                self._judge(status, cpu_seconds)
        self.ended.set()

    def abandon(self) -> None:
        """Kills the child as soon as it runs, without waiting for its end."""
        self._closing = True
        self._kill()
        self._connection.abort()

    async def close(self) -> None:
        """Kills the child, if it still lives, and waits until it is reaped."""
        self.abandon()
        await self.ended.wait()

    async def _how_it_ended(self) -> ChildEnded | WorkerLost:
        """Waits for the end of the process; one that has only closed its connection is ended after a moment."""
        if self._verdict is None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.ended.wait(), END_GRACE_SECONDS)
        if self._verdict is None and self._lost is None:
            self._condemn(Outcome.EXITED, "it closed its connection and went on")
        await self.ended.wait()
        if self._lost is not None:
            return self._lost
        assert self._verdict is not None
        return ChildEnded(self._verdict.outcome, self._verdict.message)

    def _watch(self) -> None:
        """Looks at the clocks, and comes back when a limit could be reached."""
        if not self.started.is_set() or self._closing or self._verdict is not None or self.ended.is_set():
            return
        limits = self.limits
        cpu_left = limits.cpu_seconds - self.cpu_seconds
        wall_left = limits.wall_seconds - self._wall.seconds
        if cpu_left <= 0:
            self._condemn(Outcome.TIMED_OUT, f"it used more than {limits.cpu_seconds:g} s of CPU time")
        elif wall_left <= 0:
            self._condemn(Outcome.TIMED_OUT, f"it was not done after {limits.wall_seconds:g} s")
        elif limits.threads and _threads_of(self._pid) > MAX_THREADS:
            self._condemn(Outcome.VIOLATION, f"it started more than {MAX_THREADS} threads", kind="threads")
        else:
            self._watch_after(self._soonest(cpu_left, wall_left))

    def _soonest(self, cpu_left: float, wall_left: float) -> float:
        """Returns after how many seconds a limit may be reached."""
        if not self.limits.threads:
            return min(cpu_left, wall_left)
        return min(cpu_left / CORES, wall_left, LONGEST_TICK_SECONDS)

    def _watch_after(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(max(seconds, SHORTEST_TICK_SECONDS), self._watch)

    def _judge(self, status: int, cpu_seconds: float) -> None:
        outcome, message, kind = _verdict(status, cpu_seconds, self.limits)
        if outcome is Outcome.EXITED and self._connection.is_amid_message and status == 0:
            outcome, message, kind = Outcome.PROTOCOL_VIOLATION, "it ended in the middle of a message", "protocol"
        self._condemn(outcome, message, kind=kind)

    def _condemn(self, outcome: Outcome, message: str, *, kind: str | None = None) -> None:
        has_left = self._verdict is not None and self._verdict.outcome is Outcome.EXITED
        if self._verdict is not None and not (has_left and outcome is Outcome.PROTOCOL_VIOLATION):
            return
        self._verdict = ChildEnded(outcome, message)
        if kind is not None:
            self._attempts.add(kind, message)
        self._kill()

    def _kill(self) -> None:
        if self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)


class _PausableClock:
    """Seconds since the start, without those during which it was paused."""

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._before = 0.0
        self._pauses = 0

    @property
    def seconds(self) -> float:
        return self._before + (0.0 if self._pauses else time.monotonic() - self._since)

    def start(self) -> None:
        self._since, self._before = time.monotonic(), 0.0

    def pause(self) -> None:
        self._before = self.seconds
        self._pauses += 1

    def resume(self) -> None:
        self._pauses -= 1
        if not self._pauses:
            self._since = time.monotonic()


def pid_of(pidfd: int) -> int:
    """Returns the process id, as this process sees it, that a descriptor stands for; -1 if it is gone."""
    return int(_read(f"/proc/self/fdinfo/{pidfd}").partition(b"\nPid:")[2].split()[0])


def inner_pid_of(pidfd: int) -> int:
    """Returns the process id as the process itself sees it, in the innermost of its namespaces; -1 if it is gone."""
    numbers = _read(f"/proc/self/fdinfo/{pidfd}").partition(b"\nNSpid:")[2].partition(b"\n")[0].split()
    return int(numbers[-1]) if numbers else -1


def _threads_of(pid: int) -> int:
    try:
        return int(_read(f"/proc/{pid}/stat").rpartition(b")")[2].split()[17])
    except (OSError, IndexError, ValueError):
        return 1


def _read(path: str) -> bytes:
    """Returns a small file of the kernel's; opened plainly, for this is done for every child."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, 4096)
    finally:
        os.close(descriptor)


def _loss(status: int | None, cpu_seconds: float, limits: Limits) -> WorkerLost | None:
    """Returns why an end says nothing about the child: its zygote has gone, or the operating system killed it.

    No child can kill itself so, its memory is limited, and the engine's own kills have a verdict before they happen.
    """
    if status is None:
        return WorkerLost("the process that started it ended")
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL and cpu_seconds < limits.cpu_seconds:
        return WorkerLost("the operating system killed it within its limits, most likely for want of memory")
    return None


def _verdict(status: int, cpu_seconds: float, limits: Limits) -> tuple[Outcome, str, str | None]:
    """Returns what an end means that the engine did not bring about: outcome, a line, the kind of violation."""
    code = os.waitstatus_to_exitcode(status)
    if code == EXIT_OUT_OF_MEMORY:
        return Outcome.OUT_OF_MEMORY, f"it needed more than {limits.memory_bytes} bytes of memory", None
    if code >= 0:
        return Outcome.EXITED, f"its process ended with exit code {code}", None
    if -code == signal.SIGSYS:
        return Outcome.VIOLATION, "it made a forbidden system call", "system_call"
    if -code in (signal.SIGXCPU, signal.SIGKILL):
        return Outcome.TIMED_OUT, f"it used more than {limits.cpu_seconds:g} s of CPU time", None
    return Outcome.EXITED, f"its process ended by signal {signal.Signals(-code).name}", None
