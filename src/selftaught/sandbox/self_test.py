"""The isolation is attacked before it is trusted: a handful of attacks, each in a child of its own; one that succeeds
means refuse.

A pass is remembered until the next boot, for the same package, interpreter, user and mode.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from selftaught._version import __version__
from selftaught.errors import SandboxError
from selftaught.sandbox.attacks import ATTACKS, ON_PATHS
from selftaught.sandbox.child import Child, ChildEnded
from selftaught.sandbox.limits import MIB, Limits
from selftaught.sandbox.losses import despite_losses
from selftaught.sandbox.python_paths import WORKER
from selftaught.sandbox.zygote_process import Plan
from selftaught.worker import seccomp
from selftaught.worker.seccomp import Files

LIMITS = Limits(cpu_seconds=2.0, wall_seconds=10.0, memory_bytes=64 * MIB, frame_bytes=64 * 1024)
HONEST = "import numpy\ndef attack(): return int(numpy.arange(4).sum()) == 6"
HONEST_READER = """
import os, wsgiref.headers
def attack(): return os.path.getsize(wsgiref.headers.__file__) == len(open(wsgiref.headers.__file__, 'rb').read())
"""
MAX_REMEMBERED = 32


class StartsChildren(Protocol):
    """What the self-test needs of a sandbox."""

    def child(self, role: str, start: object, limits: Limits) -> AbstractAsyncContextManager[Child]: ...


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One attack and what came of it; `detail` says how it failed, or what it got."""

    name: str
    reached: bool
    detail: str


async def require(sandbox: StartsChildren, plan: Plan) -> None:
    """Returns if the isolation holds, now or in an earlier test that still counts.

    Raises:
        SandboxError: An attack reached its goal, or an honest program does not run.
    """
    key = _key(plan)
    if key in _remembered():
        return
    attempts = await run(sandbox, plan)
    reached = [f"{attempt.name} ({attempt.detail})" for attempt in attempts if attempt.reached]
    if reached:
        raise SandboxError(
            f"the isolation does not hold in the mode {plan.mode}: {'; '.join(reached)}; mend: see `selftaught doctor`"
        )
    _remember(key)


async def run(sandbox: StartsChildren, plan: Plan) -> list[Attempt]:
    """Returns what came of every attack on a sandbox of a plan.

    Where paths are seen, which its mode says, finding them is no attack.

    Raises:
        SandboxError: An honest program does not run, so that the failure of attacks would show nothing.
    """
    for source in (HONEST,) if plan.files is Files.CLOSED else (HONEST, HONEST_READER):
        honest = await _attempt(sandbox, "an honest program", source, {})
        if not honest.reached:
            raise SandboxError(
                f"an honest program does not run inside the isolation: {honest.detail}; mend: see `selftaught doctor`"
            )
    attacks = ATTACKS if plan.hides_paths else {name: ATTACKS[name] for name in ATTACKS if name not in ON_PATHS}
    with _given() as given:
        waiting = [_attempt(sandbox, name, source, given) for name, source in attacks.items()]
        return await asyncio.gather(*waiting)


async def _attempt(sandbox: StartsChildren, name: str, source: str, given: dict[str, object]) -> Attempt:
    return await despite_losses(lambda: _attempt_once(sandbox, name, source, given))


async def _attempt_once(sandbox: StartsChildren, name: str, source: str, given: dict[str, object]) -> Attempt:
    async with sandbox.child("probe", {"source": source, "given": given}, LIMITS) as child:
        try:
            answer = await child.receive()
        except ChildEnded as ended:
            return Attempt(name=name, reached=False, detail=str(ended))
    if not isinstance(answer, dict):
        return Attempt(name=name, reached=True, detail="the probe answered something else")
    return Attempt(name=name, reached=answer.get("reached") is not False, detail=str(answer.get("detail")))


@contextmanager
def _given() -> Iterator[dict[str, object]]:
    """What the attacks are told, with a file of ours that they try to read, change and delete."""
    with tempfile.TemporaryDirectory(prefix="selftaught-") as folder:
        canary = Path(folder) / "canary"
        canary.write_text("not for you")
        canary.chmod(0o666)
        Path(folder).chmod(0o777)  # only the isolation may stand between the attacks and it
        link = Path(folder) / "link"
        link.symlink_to(canary)
        yield {
            "home": str(Path.home()),
            "canary": str(canary),
            "link": str(link),
            "engine": os.getpid(),
            "memory_bytes": LIMITS.memory_bytes,
            "numbers": seccomp.numbers(seccomp.machine() or "x86_64"),
        }


def _key(plan: Plan) -> str:
    """Stands for everything that a pass depends on."""
    sources = sorted(WORKER.rglob("*.py")) + sorted(Path(__file__).parent.glob("*.py"))
    stamps = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in sources]
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    parts = [
        boot,
        __version__,
        plan.mode,
        plan.files.value,
        plan.uid,
        os.getuid(),
        plan.paths.executable,
        sys.version,
        plan.command(3),
        stamps,
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _cache_file() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "selftaught" / "self-test.json"


def _remembered() -> list[str]:
    """The keys of tests passed; none where the file is missing, broken or not ours alone to write."""
    path = _cache_file()
    try:
        status = path.stat()
        if status.st_uid != os.getuid() or status.st_mode & 0o022:
            return []
        keys = json.loads(path.read_text())
    except (OSError, ValueError):
        return []
    return [key for key in keys if isinstance(key, str)] if isinstance(keys, list) else []


def _remember(key: str) -> None:
    path = _cache_file()
    keys = [*(other for other in _remembered() if other != key), key][-MAX_REMEMBERED:]
    with suppress(OSError):  # a home that cannot be written costs the test anew at each start
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(keys))
        draft.chmod(0o600)
        draft.replace(path)
