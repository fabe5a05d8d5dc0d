"""What becomes of a system call that the filter leaves to the engine: let it pass, serve it, refuse it, or end the
process.

Nothing passes because of what memory holds. Files may be asked for reading: either Landlock and the namespaces decide
about those, and the path is read for the record only; or the engine carries the call out itself, on the path that it
has read, and the kernel never sees the one in memory.
"""

from __future__ import annotations

import enum
import errno
import signal
import socket
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass

from selftaught.sandbox.readable_files import folders_of, normalised
from selftaught.sandbox.system_calls import ATTACKS, KINDS, NAMES, OF_A_PROCESS, PATHS
from selftaught.worker import seccomp
from selftaught.worker.seccomp import CLONE_NAMESPACES, CLONE_THREAD, UNCATCHABLE, WRITING_OPEN_FLAGS, Files

MAX_PATH_CHARACTERS = 200
AT_EMPTY_PATH = 0x1000
HERE = -100
"""The descriptor that stands for the current folder, which is `/`."""

LOOKS = frozenset(seccomp.calls_on_paths())
"""The calls that look at a path and do nothing more."""

NOT_WORTH_A_RECORD = frozenset(
    (
        "/etc/localtime",
        "/usr/share/zoneinfo",
        "/usr/share/locale",
        "/proc/cpuinfo",
        "/proc/meminfo",
        "/proc/stat",
        "/sys/devices/system",
        "/sys/fs/cgroup",
        "/dev/null",
        "/dev/urandom",
    )
)
"""What the C library and Python look for on their own account; it is refused like the rest."""


class Action(enum.Enum):
    """What the kernel is told."""

    PASS = enum.auto()
    SERVE = enum.auto()
    REFUSE = enum.auto()
    END = enum.auto()


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """What becomes of a call.

    Attributes:
        action: What the kernel is told.
        kind: The kind of violation; empty if none is recorded.
        detail: One line that says what was tried.
        error: What a refused call fails with.
        path: For a call that is served: the path that it names, normalised; None where it asks of a descriptor.
        is_look: For a call that is served: whether it opens nothing.
    """

    action: Action
    kind: str = ""
    detail: str = ""
    error: int = errno.EPERM
    path: str | None = None
    is_look: bool = False


@dataclass(frozen=True, kw_only=True)
class Asker:
    """Who made a call.

    Attributes:
        machine: A key of `seccomp.AUDIT_ARCH`.
        expected: The paths below which Python looks for what it needs; asking for them is no violation.
        listable: Folders whose names it may list; what lies in them is expected or not.
        above: The folders that lead to any of these, which Python looks at on its way.
        files: Who carries out calls that name a path.
        own_process: Its process id as it sees it itself; None if that is not known.
        text_at: Reads a text in its memory; None where that is impossible.
        folder_of: The path of one of its descriptors; None where it cannot be seen.
    """

    machine: str
    expected: Set[str]
    listable: Set[str]
    above: Set[str]
    files: Files
    own_process: Callable[[], int | None]
    text_at: Callable[[int], str | None]
    folder_of: Callable[[int], str | None]


PASSES = Ruling(action=Action.PASS)


def rule_on_zygote(machine: str, number: int, arguments: Sequence[int]) -> Ruling:
    """Returns what becomes of a call of the zygote itself, which is ours: it may start processes."""
    is_fork = NAMES[machine].get(number) == "clone" and not arguments[0] & CLONE_NAMESPACES
    return PASSES if is_fork else Ruling(action=Action.REFUSE)


def rule(asker: Asker, number: int, arguments: Sequence[int]) -> Ruling:
    """Returns what becomes of a call of a child."""
    name = NAMES[asker.machine].get(number, f"system call {number}")
    if name in ATTACKS:
        return Ruling(action=Action.END, kind="system_call", detail=name)
    match name:
        case "openat" | "open":
            return _on_opening(asker, _path(asker, name, arguments), arguments[PATHS[name] + 1])
        case "newfstatat" if arguments[3] & AT_EMPTY_PATH and _is_of_descriptor(asker, arguments):
            served = asker.files is Files.BY_ENGINE
            return Ruling(action=Action.SERVE if served else Action.REFUSE, is_look=served)
        case "kill" | "tgkill":
            return _on_signal(asker, name, arguments)
        case _ if name in OF_A_PROCESS:
            target = _signed(arguments[0])
            if target == asker.own_process():
                return PASSES
            detail = f"{name} of process {target}"
        case "clone":
            return _on_cloning(arguments[0])
        case "socket" | "socketpair":
            detail = f"{name}({_family(arguments[0])}, {_socket_kind(arguments[1])})"
        case "fcntl" | "ioctl" | "prctl":
            detail = f"{name} {arguments[0 if name == 'prctl' else 1] & 0xFFFFFFFF:#x}"
        case _ if name in PATHS:
            return _on_path(asker, name, _path(asker, name, arguments))
        case _:
            detail = name
    return Ruling(action=Action.REFUSE, kind=KINDS.get(name, "refused_call"), detail=detail)


def _on_opening(asker: Asker, path: str | None, flags: int) -> Ruling:
    if flags & WRITING_OPEN_FLAGS:
        if path is not None and _is_below(path, NOT_WORTH_A_RECORD):
            return Ruling(action=Action.REFUSE)
        return Ruling(action=Action.REFUSE, kind="file", detail=f"open {_shown(path)} for writing")
    if path is None or _is_looked_for_anyway(asker, path):
        return _on_reading(asker, path)
    return _on_reading(asker, path, kind="file", detail=f"open {_shown(path)} for reading")


def _on_reading(asker: Asker, path: str | None, kind: str = "", detail: str = "") -> Ruling:
    match asker.files:
        case Files.BY_KERNEL:
            return Ruling(action=Action.PASS, kind=kind, detail=detail)
        case Files.BY_ENGINE if path is not None:
            return Ruling(action=Action.SERVE, kind=kind, detail=detail, path=path)
        case _:
            return Ruling(action=Action.REFUSE, kind=kind, detail=detail)


def _on_cloning(flags: int) -> Ruling:
    if flags & CLONE_NAMESPACES:
        return Ruling(action=Action.END, kind="system_call", detail="clone into a namespace of its own")
    detail = "clone a thread with files of its own" if flags & CLONE_THREAD else "fork"
    return Ruling(action=Action.REFUSE, kind="process", detail=detail)


def _on_path(asker: Asker, name: str, path: str | None) -> Ruling:
    if name not in LOOKS:
        return Ruling(action=Action.REFUSE, kind=KINDS[name], detail=f"{name} {_shown(path)}")
    kind, detail = KINDS[name], f"{name} {_shown(path)}"
    is_on_the_way = asker.files is Files.BY_ENGINE and path in asker.above
    if path is None or is_on_the_way or _is_looked_for_anyway(asker, path):
        kind = detail = ""
    if name == "statx":  # the C library and others then ask in the older way
        return Ruling(action=Action.REFUSE, kind=kind, detail=detail, error=errno.ENOSYS)
    if asker.files is Files.BY_ENGINE and path is not None:
        return Ruling(action=Action.SERVE, kind=kind, detail=detail, path=path, is_look=True)
    return Ruling(action=Action.REFUSE, kind=kind, detail=detail)


def _is_of_descriptor(asker: Asker, arguments: Sequence[int]) -> bool:
    """Whether `newfstatat` asks of its descriptor (the C library's `fstat`) and names no path below it."""
    return not arguments[1] or asker.text_at(arguments[1]) == ""


def _on_signal(asker: Asker, name: str, arguments: Sequence[int]) -> Ruling:
    # The kernel looks at the lower half of each alone.
    target, number = _signed(arguments[0]), _signed(arguments[1 if name == "kill" else 2])
    if target == asker.own_process() and number not in UNCATCHABLE:
        return PASSES
    sent = next((known.name for known in signal.Signals if known.value == number), str(number))
    return Ruling(action=Action.REFUSE, kind="process", detail=f"send {sent} to process {target}")


def _path(asker: Asker, name: str, arguments: Sequence[int]) -> str | None:
    """Returns the path that a call names, normalised by its text alone; None if it cannot be seen."""
    place = PATHS[name]
    text = asker.text_at(arguments[place])
    if text is None:
        return None
    folder = "/"
    if place and name.endswith(("at", "at2", "statx")) and _signed(arguments[place - 1]) != HERE:
        folder = asker.folder_of(_signed(arguments[place - 1])) or "?"
    return normalised(folder, text)


def _is_looked_for_anyway(asker: Asker, path: str) -> bool:
    """Whether Python asks for a path on its own account, such as a file `<name>` for the line of a syntax error."""
    is_no_file = path.startswith("/<") and path.endswith(">") and path.count("/") == 1
    if is_no_file or path in asker.listable:
        return True
    return _is_below(path, asker.expected) or _is_below(path, NOT_WORTH_A_RECORD)


def _is_below(path: str, roots: Set[str]) -> bool:
    return any(folder in roots for folder in folders_of(path))


def _shown(path: str | None) -> str:
    return "a path that could not be read" if path is None else repr(path[:MAX_PATH_CHARACTERS])


def _signed(value: int) -> int:
    return (value & 0xFFFFFFFF) - (1 << 32 if value & 0x80000000 else 0)


def _family(number: int) -> str:
    known = {family.value: family.name for family in socket.AddressFamily}
    return known.get(_signed(number), str(number))


def _socket_kind(number: int) -> str:
    known = {kind.value: kind.name for kind in socket.SocketKind}
    return known.get(number & 0xF, str(number & 0xF))
