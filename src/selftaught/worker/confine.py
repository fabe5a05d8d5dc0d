"""How a process gives up what it could do: first the zygote, for itself and all its children, then each child a
little more.

The order matters: what needs rights comes before the filter that takes them away. Every step either succeeds or
raises `OSError`; there is no best effort
outside of the `unsandboxed` mode.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from typing import Any

from . import landlock, seccomp

FULL, SEALED, UNSANDBOXED = "full", "sealed", "unsandboxed"

MAX_OPEN_FILES = 64
ZYGOTE_OPEN_FILES = 1024
CHANNEL_DESCRIPTOR = 3
"""A child keeps this one, and 0, 1 and 2, which are `/dev/null`."""
MAX_TASKS = 4096
"""The backstop on threads of one user; the engine watches each child's number more narrowly."""
CPU_BACKSTOP_SECONDS = 2

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_CAPABILITY_VERSION_3 = 0x20080522
_libc = ctypes.CDLL(None, use_errno=True)
_libc.prctl.argtypes = [ctypes.c_int, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong]


def confine_zygote(config: dict[str, Any], size_bytes: int) -> tuple[ChildConfinement, int | None]:
    """Confines the zygote for good, and so all that it will fork.

    Args:
        config: The engine's first message: the `mode`; who opens `files`; the paths that are `readable` and the
            folders that are `listable`, which is all that can be read afterwards.
        size_bytes: The zygote's own address space, on top of which a child's limit is counted.

    Returns:
        What each child does to itself, and the descriptor on which the engine answers the filter's questions; None
        where the kernel decides alone.

    Raises:
        OSError: A layer that the mode needs is not to be had.
    """
    mode = config["mode"]
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, ZYGOTE_OPEN_FILES)
    _limit(resource.RLIMIT_FSIZE, 0 if mode != UNSANDBOXED else resource.RLIM_INFINITY)
    if mode == UNSANDBOXED:
        return ChildConfinement(size_bytes, None, {}), None
    for kind in (resource.RLIMIT_MEMLOCK, resource.RLIMIT_MSGQUEUE):
        _limit(kind, 0)
    arch = seccomp.machine()
    if arch is None:
        raise OSError(38, f"there is no table of system calls for this machine ({os.uname().machine})")
    if mode == FULL:
        # Elsewhere an ordinary user's engine could not read which path a program names; against its siblings a child
        # has the filter and its Landlock domain.
        _prctl(_PR_SET_DUMPABLE, 0)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    solitude = None
    if mode != SEALED:
        solitude = landlock.Solitude() if landlock.abi() >= landlock.FIRST_ABI_WITH_SCOPES else None
        landlock.restrict_files(config["readable"], config["listable"])
    _drop_capabilities()
    listener = _install_base_filter(arch, seccomp.Files(config["files"]))
    watched = listener is not None
    filters = {threads: seccomp.ChildFilter(arch, threads=threads, watched=watched) for threads in (False, True)}
    return ChildConfinement(size_bytes, solitude, filters), listener


def _install_base_filter(arch: str, files: seccomp.Files) -> int | None:
    """Puts the big table on this process, watched if the kernel lets it be; returns the engine's descriptor.

    Raises:
        OSError: The engine is to open files, and the kernel cannot ask it.
    """
    try:
        return seccomp.Filter(seccomp.base_filter(arch, files=files, watched=True)).install_watched(arch)
    except OSError:
        if files is seccomp.Files.BY_ENGINE:
            raise
        seccomp.Filter(seccomp.base_filter(arch, files=files, watched=False)).install()
        return None


class ChildConfinement:
    """What each child does to itself, prepared in the zygote: after a fork every page of memory that is touched costs
    a fault.

    Args:
        size_bytes: The zygote's own address space, on top of which a child's limit is counted.
        solitude: The Landlock domain of its own that each child enters, where the kernel has such.
        filters: The child's filter with and without threads; none in the mode `unsandboxed`.
    """

    def __init__(
        self, size_bytes: int, solitude: landlock.Solitude | None, filters: dict[bool, seccomp.ChildFilter]
    ) -> None:
        self.channel = CHANNEL_DESCRIPTOR
        self._size_bytes = size_bytes
        self._zygote_pid = os.getpid()
        self._solitude = solitude
        self._filters = filters

    def apply(self, descriptors: tuple[int, ...], memory_bytes: int, cpu_seconds: float, threads: bool) -> None:
        """Confines the calling process, a child of the zygote, for good.

        Args:
            descriptors: The child's socket, which becomes number `CHANNEL_DESCRIPTOR`, and its `/dev/null`, which
                becomes 0, 1 and 2; all others are closed.
            memory_bytes: How much address space it may use above the zygote's.
            cpu_seconds: Its CPU time; the engine enforces it, the kernel's limit a little above is a backstop.
            threads: Whether it may start threads.

        Raises:
            OSError: A layer could not be set up.
        """
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != self._zygote_pid:
            raise OSError(3, "the zygote is gone")
        if self._solitude is not None:
            self._solitude.enter()
        channel, null = descriptors
        for number in range(CHANNEL_DESCRIPTOR):
            os.dup2(null, number)
        if channel != CHANNEL_DESCRIPTOR:
            os.dup2(channel, CHANNEL_DESCRIPTOR, inheritable=False)
        os.closerange(CHANNEL_DESCRIPTOR + 1, ZYGOTE_OPEN_FILES)
        _limit(resource.RLIMIT_AS, self._size_bytes + memory_bytes)
        _limit(resource.RLIMIT_CPU, int(cpu_seconds) + 1 + CPU_BACKSTOP_SECONDS)
        if not self._filters:
            os.setpgid(0, 0)
            return
        resource.setrlimit(resource.RLIMIT_NOFILE, (MAX_OPEN_FILES, MAX_OPEN_FILES))
        _limit(resource.RLIMIT_NPROC, MAX_TASKS)
        self._filters[threads].install(os.getpid())


def _limit(kind: int, value: int) -> None:
    """Lowers a limit, for good; one that is lower already stays."""
    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY and (value == resource.RLIM_INFINITY or hard < value):
        value = hard
    resource.setrlimit(kind, (value, value))


def _drop_capabilities() -> None:
    """Gives up every capability; without new privileges they cannot come back, not even for uid 0."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    if _libc.capset(header, nothing):
        code = ctypes.get_errno()
        raise OSError(code, f"capset: {os.strerror(code)}")


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0):
        code = ctypes.get_errno()
        raise OSError(code, f"prctl {option}: {os.strerror(code)}")
