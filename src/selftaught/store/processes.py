"""Which process a run belongs to, and whether that process is still there, from what Linux says in `/proc`."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any


def identity() -> dict[str, Any]:
    """This process, named so that neither a reboot, a reused number nor another machine is mistaken for it."""
    return {**_place(), "pid": os.getpid(), "start_ticks": _start_ticks(os.getpid())}


def is_gone(process: dict[str, Any]) -> bool:
    """Whether the process with that `identity` has certainly ended; false where it cannot be known from here."""
    here = _place()
    if process.get("host") != here["host"]:
        return False
    if process.get("boot_id") != here["boot_id"]:
        return True
    if process.get("pid_namespace") != here["pid_namespace"] or process.get("start_ticks") is None:
        return False
    return _start_ticks(process["pid"]) != int(process["start_ticks"])


def is_alive(process: dict[str, Any]) -> bool:
    """Whether the process with that `identity` is certainly still there; false where it cannot be known from here."""
    here = _place()
    return (
        all(process.get(name) == here[name] for name in here)
        and process.get("start_ticks") is not None
        and not is_gone(process)
    )


def _place() -> dict[str, Any]:
    return {"host": socket.gethostname(), "boot_id": _boot_id(), "pid_namespace": _pid_namespace()}


def _boot_id() -> str | None:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None


def _pid_namespace() -> str | None:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return None


def _start_ticks(pid: int) -> int | None:
    """Clock ticks from boot to the start of `pid`; None if it is gone, or is a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])
