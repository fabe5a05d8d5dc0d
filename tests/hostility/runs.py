"""All programs in one mode, beside each other in one sandbox; all controls; and which of them a machine offers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
from dataclasses import replace
from pathlib import Path

from hostility import probes, scores, sessions, tasks
from hostility.corpus import ALONE, Program, programs
from hostility.probes import Result
from hostility.scores import Honest, Utilities
from hostility.targets import Listeners
from selftaught.errors import SandboxError
from selftaught.sandbox import Sandbox, SandboxConfig

MODES = ("full", "confined", "sealed")
WORKERS = 2
AT_ONCE = 12
"""More than there are cores: many programs only wait for their end."""

HONEST = "an honest program, after each of them and after all"
LEFT = "what is left when all has ended"


def runnable() -> list[Program]:
    """The programs that are made for this machine."""
    return [
        program for program in programs() if program.fields.get("machine", platform.machine()) == platform.machine()
    ]


def why_not(mode: str) -> str | None:
    """Why a mode cannot be had here; None if it works."""

    async def start() -> None:
        async with await Sandbox.start(SandboxConfig(workers=1, mode=mode, self_test=False)):  # type: ignore[arg-type]
            pass

    try:
        asyncio.run(start())
    except SandboxError as error:
        return str(error)
    return None


def control_is_possible(program: Program) -> bool:
    """Whether the control of a program can be had by this user."""
    return os.geteuid() == 0 or not program.control_needs_root()


def run_mode(mode: str, chosen: list[Program] | None = None) -> dict[str, Result]:
    """How every program ends in a mode, by name.

    After each of them, while others are at it, an honest program is scored in the same sandbox; an inexact score makes
    the program one that reached its goal. Under `HONEST` stands what all these scores were, under `LEFT` whether
    processes are left.
    """
    before = _orphans()
    results = asyncio.run(_run_mode(mode, runnable() if chosen is None else chosen))
    left = _orphans() - before
    results[LEFT] = Result(reached=bool(left), ending="reached" if left else "ok", detail=f"processes {sorted(left)}")
    return results


def run_controls(chosen: list[Program] | None = None) -> dict[str, Result]:
    """How every program does without the layer that stops it, where this user can see that."""
    possible = [program for program in (runnable() if chosen is None else chosen) if control_is_possible(program)]
    return asyncio.run(_run_controls(possible))


def _orphans() -> set[int]:
    """The processes that came from a worker and belong to nobody any more."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if b"worker/zygote.py" in command and parent == "1" and b"bwrap" not in command:
            found.add(int(folder.name))
    return found


async def _run_mode(mode: str, chosen: list[Program]) -> dict[str, Result]:
    listeners, places = Listeners(), asyncio.Semaphore(AT_ONCE)
    config = SandboxConfig(mode=mode, workers=WORKERS, self_test=False)  # type: ignore[arg-type]
    with contextlib.closing(listeners), probes.planted_key():
        async with await Sandbox.start(config) as sandbox, Utilities.open(sandbox) as utilities:

            async def one(program: Program) -> tuple[Result, Honest]:
                async with places:
                    result = await _attack(program, sandbox, utilities, listeners)
                    return result, await utilities.honest(program.name)

            with sessions.short_limits(), tasks.short_requests():
                ended = await asyncio.gather(*map(one, chosen))
            honest = [honest for _, honest in ended] + [await utilities.honest("all of them")]
    results = {program.name: result_with(*each) for program, each in zip(chosen, ended, strict=True)}
    return results | {HONEST: _all_honest(honest)}


async def _attack(program: Program, sandbox: Sandbox, utilities: Utilities, listeners: Listeners) -> Result:
    if program.kind == "solution":
        return await utilities.attacked_by(program)
    if program.kind == "improver":
        return await sessions.isolated(sandbox, program)
    if program.kind == "task":
        return await tasks.isolated(sandbox, program, listeners)
    return await probes.isolated(sandbox, program, listeners)


def result_with(result: Result, honest: Honest) -> Result:
    """The result of a program after which an honest one was scored; an inexact score is a goal that it reached."""
    if honest.is_exact:
        return result
    return replace(result, reached=True, ending="reached", detail=f"{honest.detail}; itself: {result.detail}")


def _all_honest(honest: list[Honest]) -> Result:
    inexact = [each for each in honest if not each.is_exact]
    if inexact:
        return Result(reached=True, ending="reached", detail="; ".join(each.detail for each in inexact))
    return Result(reached=False, ending="ok", detail=f"exact {len(honest)} times")


async def _run_controls(chosen: list[Program]) -> dict[str, Result]:
    listeners, places = Listeners(), asyncio.Semaphore(AT_ONCE)
    alone = [program for program in chosen if program.control.endswith(ALONE)]
    others = [program for program in chosen if program not in alone]
    config = SandboxConfig(mode="unsandboxed", workers=1)
    results: dict[str, Result] = {}
    with contextlib.closing(listeners):
        async with await Sandbox.start(config) as sandbox:

            async def one(program: Program) -> None:
                async with places:
                    results[program.name] = await _control(sandbox, program, listeners)

            await asyncio.gather(*map(one, others))
        for program in alone:
            async with await Sandbox.start(config) as sandbox:
                results[program.name] = await _control(sandbox, program, listeners)
    return results


async def _control(sandbox: Sandbox, program: Program, listeners: Listeners) -> Result:
    if program.kind == "solution":
        return await scores.control(sandbox, program)
    if program.kind == "improver":
        return await sessions.control(sandbox, program)
    if program.kind == "task":
        return await tasks.control(sandbox, program, listeners)
    return await probes.control(sandbox, program, listeners)
