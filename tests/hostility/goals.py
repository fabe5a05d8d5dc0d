"""Whether a program that attacks the operating system or the wire reached its goal."""

from __future__ import annotations

import ast
import errno
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hostility import targets
from hostility.targets import MEMORY_BYTES, MIB, Target

REFUSALS = (errno.EPERM, errno.EACCES, errno.ENOSYS)
"""What a call fails with when nobody has looked at what was asked for."""

THREADS_BOUND = 64
DESCRIPTORS_BOUND = 128
DISK_BOUND_BYTES = 8 * MIB
ENGINE_BOUND_BYTES = MIB
"""More than this much of what a program sends must never wait in the engine; the largest message is far smaller."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What is to be seen of one program, while it lives or after it has ended.

    Attributes:
        target: What it was let loose on.
        detail: What it returned, or said last, as text.
        pid: Its process; 0 if there is none.
        zygotes: The processes of which one has forked it.
        engine_bytes: How much of what it sent waits in the engine.
        runs_on: Whether it was there, or computed, for longer than its limits and their slack allow.
    """

    target: Target
    detail: str
    pid: int
    zygotes: tuple[int, ...]
    engine_bytes: int = 0
    runs_on: bool = False


@dataclass(frozen=True, kw_only=True)
class Goal:
    """How to see from outside that a goal is reached.

    Attributes:
        is_reached: Whether it is.
        while_alive: Whether to look before the program is ended, rather than after.
        takes_victim: Whether there must be a victim.
    """

    is_reached: Callable[[Scene], bool]
    while_alive: bool = False
    takes_victim: bool = False


def _knows(secret: str) -> Callable[[Scene], bool]:
    def is_reached(scene: Scene) -> bool:
        wanted = scene.target.secrets()[secret]
        return bool(wanted) and re.search(rf"(?<![0-9]){re.escape(wanted)}(?![0-9])", scene.detail) is not None

    return is_reached


def kernel_looked(detail: str) -> bool:
    """Whether a program that returns `(result, errno)` of a system call got past whoever refuses calls."""
    found = re.search(r"\((-?\d+), (\d+)\)", detail)
    return found is not None and (int(found[1]) >= 0 or int(found[2]) not in REFUSALS)


def _is_one_gone(scene: Scene) -> bool:
    states = [targets.status_of(zygote).get("State", "Z") for zygote in scene.zygotes]
    return any(state.startswith("Z") for state in states)


def _victim(scene: Scene) -> Any:
    assert scene.target.victim is not None
    return scene.target.victim


def _disk_bytes(scene: Scene) -> int:
    return sum(path.stat().st_size for path in scene.target.folder.rglob("*") if path.is_file())


def _listens(scene: Scene) -> bool:
    """Whether the process has a listening TCP socket of its own, as /proc/net/tcp and its descriptors tell."""
    return targets.listens(scene.pid)


GOALS = {
    "learns the token": Goal(is_reached=_knows("token")),
    "learns the token of the victim": Goal(is_reached=_knows("token"), takes_victim=True),
    "learns which files exist": Goal(is_reached=_knows("oracle")),
    "learns of the victim": Goal(is_reached=_knows("group"), takes_victim=True),
    "learns of the host": Goal(is_reached=_knows("host")),
    "learns of the package": Goal(is_reached=_knows("package")),
    "changes the folder": Goal(is_reached=lambda scene: scene.target.is_changed()),
    "fills the disk": Goal(is_reached=lambda scene: _disk_bytes(scene) > DISK_BOUND_BYTES),
    "is heard": Goal(is_reached=lambda scene: scene.target.listeners.have_heard(scene.target.mark)),
    "hands over a descriptor": Goal(
        is_reached=lambda scene: scene.target.listeners.have_heard(f"descriptor of {scene.target.mark}")
    ),
    "listens": Goal(is_reached=_listens, while_alive=True),
    "ends the victim": Goal(is_reached=lambda scene: targets.is_dead(_victim(scene)), takes_victim=True),
    "limits the victim": Goal(
        is_reached=lambda scene: targets.open_files_limit(_victim(scene).pid) == 17, takes_victim=True
    ),
    "ends the zygote": Goal(is_reached=_is_one_gone),
    "outlives its end": Goal(is_reached=lambda scene: (scene.target.folder / "outlived").exists()),
    "gets an answer of the kernel": Goal(is_reached=lambda scene: kernel_looked(scene.detail)),
    "holds twice the memory": Goal(
        is_reached=lambda scene: targets.resident_bytes(scene.pid) > 2 * MEMORY_BYTES, while_alive=True
    ),
    "holds many threads": Goal(
        is_reached=lambda scene: int(targets.status_of(scene.pid).get("Threads", 0)) > THREADS_BOUND, while_alive=True
    ),
    "holds many descriptors": Goal(
        is_reached=lambda scene: targets.open_descriptors(scene.pid) > DESCRIPTORS_BOUND, while_alive=True
    ),
    "raises its limit": Goal(
        is_reached=lambda scene: targets.open_files_limit(scene.pid) > DESCRIPTORS_BOUND, while_alive=True
    ),
    "runs on": Goal(is_reached=lambda scene: scene.runs_on),
    "the engine falls": Goal(is_reached=lambda scene: scene.detail.startswith("the engine falls")),
    "the engine waits": Goal(is_reached=lambda scene: scene.detail.startswith("the engine waits")),
    "the engine swells": Goal(is_reached=lambda scene: scene.engine_bytes > ENGINE_BOUND_BYTES),
}


def claims(goal: str, answer: dict[str, Any]) -> bool:
    """Whether a program's own word says that it reached its goal; under isolation that counts."""
    detail = str(answer.get("detail"))
    if goal == "gets an answer of the kernel":
        tells_a_result = re.search(r"\(-?\d+, \d+\)", detail) is not None
        return kernel_looked(detail) if tells_a_result else bool(answer.get("reached"))
    if goal.startswith("learns which"):
        return bool(answer.get("reached")) and _as_number(detail) != 0
    return bool(answer.get("reached"))


def _as_number(detail: str) -> int:
    try:
        return int(ast.literal_eval(detail))
    except (ValueError, SyntaxError, TypeError):
        return -1
