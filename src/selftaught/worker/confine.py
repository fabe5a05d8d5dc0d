"""How a process gives up what it could do: first the zygote, for itself and all its children, then each child a little more.

The order matters: what needs rights comes before the filter that takes them away. Every step either succeeds or raises `OSError`; there is no best effort
outside of the `unsandboxed` mode.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import resource
import signal
from dataclasses import dataclass

from . import landlock, seccomp

SEALED, UNSANDBOXED = "sealed", "unsandboxed"

MAX_OPEN_FILES = 64
ZYGOTE_OPEN_FILES = 1024
MAX_TASKS = 4096
"""The backstop on threads of one user; the engine watches each child's number more narrowly."""
CPU_BACKSTOP_SECONDS = 2
EXIT_OUT_OF_MEMORY = 103
"""How a child ends whose role met a `MemoryError` that it did not report."""

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_CAPABILITY_VERSION_3 = 0x20080522
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, kw_only=True)
class ChildLimits:
    """What one child may use.

    Attributes:
        cpu_seconds: Its CPU time; the engine enforces it, the kernel's limit a little above is a backstop.
        address_space_bytes: The size of its whole address space, the zygote's part included.
        threads: Whether it may start threads.
    """

    cpu_seconds: float
    address_space_bytes: int
    threads: bool


def confine_zygote(mode: str, readable: list[str]) -> None:
    """Confines the zygote for good, and so all that it will fork.

    Args:
        mode: `full`, `confined`, `sealed` or `unsandboxed`.
        readable: The paths that Python needs; nothing else can be read afterwards.

    Raises:
        OSError: A layer that the mode needs is not to be had.
    """
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, ZYGOTE_OPEN_FILES)
    _limit(resource.RLIMIT_FSIZE, 0 if mode != UNSANDBOXED else resource.RLIM_INFINITY)
    if mode == UNSANDBOXED:
        return
    for kind in (resource.RLIMIT_MEMLOCK, resource.RLIMIT_MSGQUEUE):
        _limit(kind, 0)
    arch = seccomp.machine()
    if arch is None:
        raise OSError(38, f"there is no table of system calls for this machine ({os.uname().machine})")
    _prctl(_PR_SET_DUMPABLE, 0)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    if mode != SEALED:
        landlock.restrict_files(readable)
    _drop_capabilities()
    seccomp.install(seccomp.assemble(seccomp.base_filter(arch, files=mode != SEALED)))


def confine_child(mode: str, limits: ChildLimits, zygote_pid: int, *, scoped: bool) -> None:
    """Confines the calling process, a child of a confined zygote, for good.

    Args:
        mode: The zygote's mode.
        limits: What the child may use.
        zygote_pid: The zygote's process id; the child ends with it.
        scoped: Whether Landlock knows scopes and is in use.

    Raises:
        OSError: A layer could not be set up.
    """
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != zygote_pid:
        raise OSError(3, "the zygote is gone")
    _limit(resource.RLIMIT_AS, limits.address_space_bytes)
    _limit(resource.RLIMIT_CPU, math.ceil(limits.cpu_seconds) + CPU_BACKSTOP_SECONDS)
    if mode == UNSANDBOXED:
        os.setpgid(0, 0)
        return
    _limit(resource.RLIMIT_NOFILE, MAX_OPEN_FILES)
    _limit(resource.RLIMIT_NPROC, MAX_TASKS)
    if scoped:
        landlock.leave_siblings()
    arch = seccomp.machine() or ""
    seccomp.install(seccomp.assemble(seccomp.child_filter(arch, os.getpid(), threads=limits.threads)))


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
    with contextlib.suppress(AttributeError):
        if _libc.capset(header, nothing):
            code = ctypes.get_errno()
            raise OSError(code, f"capset: {os.strerror(code)}")


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0):
        code = ctypes.get_errno()
        raise OSError(code, f"prctl {option}: {os.strerror(code)}")
