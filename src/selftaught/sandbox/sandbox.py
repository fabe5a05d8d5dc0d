"""Where untrusted programs run: a few confined zygotes, and a child of one of them for every job."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from types import TracebackType

from selftaught.errors import SandboxError
from selftaught.sandbox import self_test
from selftaught.sandbox.child import Child, ChildEnded, Connection, WorkerLost
from selftaught.sandbox.limits import Limits, SandboxConfig
from selftaught.sandbox.modes import choose
from selftaught.sandbox.zygote_process import Plan, ZygoteProcess, ZygoteRefused

START_ATTEMPTS = 5
SLOTS_BEYOND_WORKERS = 1
"""Children that may be started before a core is free, so that none idles while the engine takes an answer."""

RETRY_SECONDS = 0.1
CLOSE_SECONDS = 2.0


class Sandbox:
    """Confined processes for untrusted programs; made by `Sandbox.start`.

    Attributes:
        mode: `full`, `confined`, `sealed` or `unsandboxed`.
        warning: One sentence with the cause and the mend where the mode is not `full`.
        slots: Hold it around what uses the processor: as many at once as there are workers, and one more. A child
            that waits for the engine must not hold it.
    """

    def __init__(self, config: SandboxConfig, plan: Plan, warning: str | None) -> None:
        self.mode: str = plan.mode
        self.warning = warning
        self.slots = asyncio.Semaphore(config.workers + SLOTS_BEYOND_WORKERS)
        self._plan = plan
        self._zygotes: list[ZygoteProcess] = []
        self._replacing: set[asyncio.Task[None]] = set()
        self._failure: ZygoteRefused | None = None
        self._closed = False

    @classmethod
    async def start(cls, config: SandboxConfig | None = None) -> Sandbox:
        """Returns a sandbox in the mode asked for, tested.

        Raises:
            SandboxError: The isolation cannot be set up here, or an attack of the self-test reached its goal.
        """
        config = config or SandboxConfig()
        choice = await choose(config.mode)
        sandbox = cls(config, choice.plan, choice.warning)
        try:
            sandbox._adopt(choice.zygote)
            more = [sandbox._start_zygote() for _ in range(config.workers - 1)]
            await asyncio.gather(*more)
            if config.self_test and choice.plan.mode != "unsandboxed":
                await self_test.require(sandbox, choice.plan)
        except ZygoteRefused as error:
            await sandbox.close()
            raise SandboxError(f"the isolation could not be set up: {error}; run `selftaught doctor`") from None
        except BaseException:
            await sandbox.close()
            raise
        return sandbox

    async def __aenter__(self) -> Sandbox:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends every child and every zygote."""
        self._closed = True
        for task in self._replacing:
            task.cancel()
        if self._replacing:
            await asyncio.wait(self._replacing)
        children = [child for zygote in self._zygotes for child in zygote.children.values()]
        if children:
            await asyncio.wait([asyncio.ensure_future(child.close()) for child in children], timeout=CLOSE_SECONDS)
        for zygote in self._zygotes:
            zygote.close()
        self._zygotes.clear()

    @property
    def records_refusals(self) -> bool:
        """Whether system calls that are refused are on record; some kernels and containers do not allow it."""
        return any(zygote.is_watched for zygote in self._zygotes)

    @property
    def plan(self) -> Plan:
        """How its processes are started."""
        return self._plan

    @contextlib.asynccontextmanager
    async def child(self, role: str, start: object, limits: Limits) -> AsyncIterator[Child]:
        """A child that runs `role` on `start`; it is killed and reaped when the block is left.

        Raises:
            SandboxError: No child can be started any more, or there is no such role.
            WireError: `start` is not plain data.
        """
        child = await self._start_child(role, limits)
        try:
            with contextlib.suppress(ChildEnded, WorkerLost):  # the caller's first `receive` says how it ended
                await child.send(start)
            yield child
        finally:
            await child.close()

    async def _start_child(self, role: str, limits: Limits) -> Child:
        why: str | None = None
        for attempt in range(START_ATTEMPTS):
            zygote = await self._pick(role)
            child, why = await _start_on(zygote, role, limits)
            if why is None:
                return child
            await asyncio.sleep(RETRY_SECONDS * attempt)
        raise SandboxError(f"no process can be started for a program: {why}; run `selftaught doctor`")

    async def _pick(self, role: str) -> ZygoteProcess:
        """Returns the zygote with the fewest children; waits for a new one where all have ended."""
        while not any(zygote.alive for zygote in self._zygotes):
            if self._closed or not self._replacing:
                raise SandboxError(f"the sandbox is closed{f': {self._failure}' if self._failure else ''}")
            await asyncio.wait(self._replacing)
        zygote = min((zygote for zygote in self._zygotes if zygote.alive), key=lambda zygote: len(zygote.children))
        if role not in zygote.roles:
            raise SandboxError(
                f"there is no role {role!r} inside the isolation: {zygote.failed_roles.get(role, 'unknown')}"
            )
        return zygote

    def _adopt(self, zygote: ZygoteProcess) -> None:
        zygote.on_end = self._on_zygote_end
        self._zygotes.append(zygote)

    async def _start_zygote(self) -> None:
        self._adopt(await ZygoteProcess.start(self._plan))

    def _on_zygote_end(self, zygote: ZygoteProcess) -> None:
        if zygote in self._zygotes:
            self._zygotes.remove(zygote)
        if not self._closed:
            task = asyncio.get_running_loop().create_task(self._replace())
            self._replacing.add(task)
            task.add_done_callback(self._replacing.discard)

    async def _replace(self) -> None:
        try:
            await self._start_zygote()
        except ZygoteRefused as error:
            self._failure = error


async def _start_on(zygote: ZygoteProcess, role: str, limits: Limits) -> tuple[Child, str | None]:
    """Returns a child forked by `zygote`, and why it could not be started if it was not."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with theirs:
        connection = Connection(limits.frame_bytes)
        await asyncio.get_running_loop().create_unix_connection(lambda: connection, sock=ours)
        child = Child(limits, connection)
        why: str | None = "it was cancelled"
        try:
            why = await zygote.fork(role, child, theirs)
        finally:
            if why is not None:
                child.abandon()
    return child, why
