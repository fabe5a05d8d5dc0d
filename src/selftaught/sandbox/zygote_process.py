"""The engine's end of one zygote: start it, have it confined, let it fork children, notice its end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selftaught.sandbox import notifications
from selftaught.sandbox.child import Child, pid_of
from selftaught.sandbox.limits import Mode
from selftaught.sandbox.python_paths import WORKER, PythonPaths
from selftaught.sandbox.readable_files import Reader
from selftaught.sandbox.watch import Watch
from selftaught.worker import zygote
from selftaught.worker.seccomp import Files

START_SECONDS = 60.0
MOST_KILLED_STARTS = 5
"""How often in a row a zygote may be killed while it starts, until that counts as a refusal."""

KILLED = (-signal.SIGKILL, 128 + signal.SIGKILL)
"""How a process ends that somebody killed; the second is how bubblewrap tells of it. No filter of ours ends one so."""

OOM_SCORE_ADJUSTMENT = 800
MAX_PACKET_BYTES = 65536
ISOLATION = (
    *("--unshare-user", "--unshare-all", "--disable-userns"),
    *("--cap-drop", "ALL", "--die-with-parent", "--as-pid-1"),
)
ENVIRONMENT = {
    "LC_ALL": "C.UTF-8",
    "MALLOC_ARENA_MAX": "1",
    "MKL_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
}
"""What the zygote starts with and then clears. Linear algebra has one thread: more would make memory limits fail."""


class ZygoteRefused(Exception):
    """A zygote could not be started or confined; the message is the cause."""


class ZygoteKilled(ZygoteRefused):
    """A zygote was killed from outside while it started, which says nothing of what can be had here."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How zygotes are started here.

    Attributes:
        mode: The mode of isolation.
        files: Who carries out calls on files.
        uid: The user to become first, where this process is root and another user can read Python; None to stay.
        bubblewrap: The path of `bwrap`, used in the mode `full`.
        paths: What must be visible inside.
    """

    mode: Mode
    files: Files
    uid: int | None
    bubblewrap: str
    paths: PythonPaths

    @property
    def hides_paths(self) -> bool:
        """Whether programs cannot find out which paths exist."""
        return self.mode == "full" or self.files is not Files.BY_KERNEL

    @property
    def reader(self) -> Reader | None:
        """Whose rights count where the engine opens files; None where children have the engine's own."""
        if os.geteuid() != 0:
            return None
        if self.uid is None:
            return Reader(uid=0, groups=frozenset((os.getegid(), *os.getgroups())))
        return Reader(uid=self.uid, groups=frozenset((self.uid,)))

    def command(self, control: int) -> list[str]:
        """Returns the command that starts a zygote on the inherited descriptor `control`."""
        python = [self.paths.executable, "-s", "-P", "-B", "-S", str(WORKER / "zygote.py"), str(control)]
        if self.mode != "full":
            return python
        binds = [part for path in self.paths.visible for part in ("--ro-bind", path, path)]
        variables = [part for name, value in ENVIRONMENT.items() for part in ("--setenv", name, value)]
        return [self.bubblewrap, *ISOLATION, "--clearenv", *variables, *binds, "--chdir", "/", "--", *python]


class ZygoteProcess:
    """One zygote and the children that it has forked.

    Attributes:
        on_end: Called once when it has ended without having been asked to.
        roles: The roles that its children can run.
        failed_roles: Why others could not be imported.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.alive = False
        self.children: dict[int, Child] = {}
        self.roles: frozenset[str] = frozenset()
        self.failed_roles: dict[str, str] = {}
        self.pid = 0
        self.on_end: Callable[[ZygoteProcess], None] | None = None
        self._refusals: dict[int, str] = {}
        self._watch: Watch | None = None
        self._pidfd = -1
        self._next_job = 0
        self._loop = asyncio.get_running_loop()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.setblocking(False)
        with theirs:
            self._process = self._spawn(theirs.fileno())

    @classmethod
    async def start(cls, plan: Plan) -> ZygoteProcess:
        """Returns a zygote that is confined and ready; one that is killed from outside meanwhile is started again.

        Raises:
            ZygoteRefused: It cannot be had under this plan.
        """
        for _ in range(MOST_KILLED_STARTS - 1):
            with contextlib.suppress(ZygoteKilled):
                return await cls._start_once(plan)
        return await cls._start_once(plan)

    @classmethod
    async def _start_once(cls, plan: Plan) -> ZygoteProcess:
        started = cls(plan)
        try:
            async with asyncio.timeout(START_SECONDS):
                await started._shake_hands()
        except TimeoutError:
            started.close()
            raise ZygoteRefused(f"the worker was not ready after {START_SECONDS:g} s") from None
        except BaseException:
            started.close()
            raise
        return started

    @property
    def is_watched(self) -> bool:
        """Whether refused system calls are on record; where the kernel cannot do that, they are refused unseen."""
        return self._watch is not None

    async def fork(self, role: str, child: Child, theirs: socket.socket) -> str | None:
        """Has a child forked; returns when it runs, with None, or why it could not be.

        Args:
            role: What it is to run.
            child: The engine's end of it.
            theirs: The child's end of its socket.
        """
        number = self._next_job
        self._next_job += 1
        limits = child.limits
        order = zygote.ORDER.pack(
            number, zygote.ROLES.index(role), limits.cpu_seconds, limits.memory_bytes, limits.threads
        )
        self.children[number] = child
        null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        try:
            socket.send_fds(self._control, [order], [theirs.fileno(), null])
        except OSError as error:
            del self.children[number]
            return str(error)
        finally:
            os.close(null)
        try:
            async with asyncio.timeout(START_SECONDS):
                await child.started.wait()
        except TimeoutError:
            if self._pidfd >= 0:  # its end is noticed, and it is replaced
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            return f"the worker that should start it has not answered for {START_SECONDS:g} s"
        return self._refusals.pop(number, None)

    def close(self) -> None:
        """Ends the zygote and all its children, and reaps it."""
        self.alive = False
        self._loop.remove_reader(self._control.fileno())
        self._control.close()
        if self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            os.close(self._pidfd)
            self._pidfd = -1
        else:
            self._kill_what_starts_it()
        if self._watch is not None:
            self._watch.close()
        self._reap()
        for child in [*self.children.values()]:
            child.process_ended(None, child.cpu_seconds)
            child.started.set()
        self.children.clear()

    def _spawn(self, control: int) -> subprocess.Popen[bytes]:
        uid = self.plan.uid
        try:
            return subprocess.Popen(
                self.plan.command(control),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=[control],
                env=ENVIRONMENT,
                cwd="/",
                start_new_session=True,
                user=uid,
                group=uid,
                extra_groups=[] if uid is not None else None,
            )
        except OSError as error:
            self._control.close()
            raise ZygoteRefused(str(error)) from None

    async def _shake_hands(self) -> None:
        config = {
            "mode": self.plan.mode,
            "files": self.plan.files.value,
            "site_packages": self.plan.paths.site_packages,
            "worker": str(WORKER),
            "readable": self.plan.paths.readable,
            "listable": self.plan.paths.listable,
        }
        self._post(config)
        loaded, descriptors = await self._next_packet()
        self._pidfd = descriptors[0]
        self.pid = pid_of(self._pidfd)
        self.roles, self.failed_roles = frozenset(loaded["roles"]), loaded["failed"]
        self._post({"size_bytes": _prepare_from_outside(self.pid)})
        ready, descriptors = await self._next_packet()
        if ready["event"] != "ready":
            raise ZygoteRefused(ready["why"])
        if descriptors:
            plan = self.plan
            self._watch = Watch(descriptors[0], self.pid, plan.paths, files=plan.files, reader=plan.reader)
        if self.plan.files is Files.BY_ENGINE:
            _require_service(self.pid, *descriptors)
        self._close_errors()
        self.alive = True
        self._loop.add_reader(self._control.fileno(), self._on_packets)

    def _post(self, message: dict[str, Any]) -> None:
        try:
            self._control.send(json.dumps(message).encode())
        except OSError:
            raise self._how_it_ended() from None

    async def _next_packet(self) -> tuple[dict[str, Any], list[int]]:
        """Returns one packet of the handshake and the descriptors that came with it."""
        readable = asyncio.Event()
        self._loop.add_reader(self._control.fileno(), readable.set)
        try:
            await readable.wait()
        finally:
            self._loop.remove_reader(self._control.fileno())
        packet, descriptors = self._receive()
        if not packet:
            raise self._how_it_ended()
        return json.loads(packet), descriptors

    def _receive(self) -> tuple[bytes, list[int]]:
        """Returns a packet that is there, empty if the zygote has gone; raises BlockingIOError if there is none."""
        try:
            packet, ancillary, _, _ = self._control.recvmsg(
                MAX_PACKET_BYTES, zygote.DESCRIPTOR_ROOM, socket.MSG_CMSG_CLOEXEC
            )
        except ConnectionError:
            return b"", []
        return packet, [zygote.DESCRIPTOR.unpack(data)[0] for _, _, data in ancillary]

    def _on_packets(self) -> None:
        while True:
            try:
                packet, descriptors = self._receive()
            except BlockingIOError:
                return
            if not packet:
                self._on_gone()
                return
            self._on_event(packet, descriptors)

    def _on_event(self, packet: bytes, descriptors: list[int]) -> None:
        kind, number, status, cpu_seconds = zygote.EVENT.unpack(packet)
        child = self.children[number]
        match kind:
            case zygote.STARTED:
                child.process_started(descriptors[0])
                if self._watch is not None:
                    self._watch.add(child)
            case zygote.NOT_STARTED:
                self._refusals[number] = os.strerror(status)
                del self.children[number]
                child.started.set()
            case zygote.ENDED:
                del self.children[number]
                if self._watch is not None:
                    self._watch.remove(child)
                child.process_ended(status, cpu_seconds)

    def _on_gone(self) -> None:
        for number, child in self.children.items():
            if not child.started.is_set():
                self._refusals[number] = "the worker that should start it ended"
        self.close()
        if self.on_end is not None:
            self.on_end(self)

    def _how_it_ended(self) -> ZygoteRefused:
        """Returns what to raise of a zygote that hung up before it was ready."""
        words = self._last_words()
        return ZygoteKilled(words) if self._process.poll() in KILLED else ZygoteRefused(words)

    def _last_words(self) -> str:
        """Returns the last line that the zygote, or bubblewrap, wrote before it ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        if self._process.poll() is None or self._process.stderr is None:
            return "the worker closed its connection"
        lines = self._process.stderr.read(MAX_PACKET_BYTES).decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"the worker ended with exit code {self._process.returncode}"

    def _close_errors(self) -> None:
        if self._process.stderr is not None:
            self._process.stderr.close()

    def _reap(self) -> None:
        try:
            self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            self._kill_what_starts_it()
            self._process.wait()
        self._close_errors()

    def _kill_what_starts_it(self) -> None:
        """Nothing; kills the process that was started, and what it may have started by then.

        A child of bubblewrap waits for its parent's permission to go on, without end if the parent is killed before it
        gives it. They are a process group of their own, which ends at once, also while the parent forks.
        """
        if self._process.returncode is None:  # not reaped, so the number is still its own
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)


def _require_service(zygote_pid: int, listener: int) -> None:
    """Returns if the engine can carry out calls on files for the zygote's children.

    Raises:
        ZygoteRefused: It cannot.
    """
    if not notifications.can_hand_over(listener):
        raise ZygoteRefused("the kernel cannot give a program a file that the engine opens (Linux 5.14)")
    if not notifications.can_write_to(zygote_pid):
        raise ZygoteRefused("the engine may not write into the memory of programs")


def _prepare_from_outside(pid: int) -> int:
    """Makes the zygote the first to go when memory runs out; returns the size of its address space in bytes."""
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/oom_score_adj").write_text(str(OOM_SCORE_ADJUSTMENT))
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
    return pages * os.sysconf("SC_PAGE_SIZE")
