"""Runs programs that attack the operating system or the wire: isolated, and as a control without isolation."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hostility.corpus import Program
from hostility.goals import ENGINE_BOUND_BYTES, GOALS, Goal, Scene, claims
from hostility.targets import MEMORY_BYTES, MIB, Listeners, Target, cpu_seconds_of, target
from selftaught.sandbox import Child, ChildEnded, Limits, Sandbox
from selftaught.sandbox.limits import available_cores

GENEROUS = Limits(cpu_seconds=60.0, wall_seconds=60.0, memory_bytes=4096 * MIB, threads=False)
"""Limits that stop nothing: of a control, which itself stops soon enough."""

ORDINARY = Limits(cpu_seconds=2.0, wall_seconds=20.0, memory_bytes=256 * MIB, frame_bytes=MIB)
SHORT = replace(ORDINARY, cpu_seconds=0.2, wall_seconds=1.2)
BEYOND = 2
"""A program that runs this many times as long as its limit runs on."""

LOOK_SECONDS = 0.02
CORES = available_cores()
WAIT_SECONDS = 25.0
SETTLE_SECONDS = 3.0
HOLD_SECONDS = 2.0
NAIVE_ENGINE = (Path(__file__).parent / "naive" / "engine.py").read_text(encoding="utf-8")
WHERE_THERE, ABSENT = "where the kernel has it", f"(-1, {errno.ENOSYS})"
KEY_VARIABLE = "HOSTILE_TEST_KEY"
_PLAIN = """
import json, sys
order = json.loads(sys.stdin.readline())
scope = dict(order["given"])
exec(compile(order["source"], "<program>", "exec"), scope)
print(repr(scope["attack"]()))
"""


@dataclass(frozen=True, kw_only=True)
class Result:
    """How one program ended.

    Attributes:
        reached: Whether it reached its goal.
        ending: `reached`; `stopped`, where it said itself that it did not; else the outcome.
        detail: What it said, or what was said of it.
        violations: The kinds on record.
    """

    reached: bool
    ending: str
    detail: str
    violations: tuple[str, ...] = ()


def limits_of(program: Program) -> Limits:
    """The limits that a program runs under when it is isolated."""
    if program.goal in ("runs on", "the engine waits"):
        return SHORT
    if program.goal == "holds twice the memory":
        return replace(ORDINARY, memory_bytes=MEMORY_BYTES)
    return replace(ORDINARY, frame_bytes=MIB // 16) if program.category == "wire" else ORDINARY


async def isolated(
    sandbox: Sandbox, program: Program, listeners: Listeners, *, enforced: Limits | None = None
) -> Result:
    """How a program ends under isolation; its own word that it succeeded counts.

    Args:
        sandbox: The isolation.
        program: The program.
        listeners: Whom it may talk to.
        enforced: The limits that it really runs under, for a test of this very measurement.
    """
    goal, limits = GOALS[program.goal], limits_of(program)
    async with planted(listeners, goal) as made:
        zygotes = zygotes_of(sandbox)
        async with sandbox.child("probe", own_order(program, made.given()), enforced or limits) as child:
            life = asyncio.create_task(spent(child._pid))
            answer, ending = await _first_word(child)
            if goal.while_alive and answer is not None and claims(program.goal, answer):
                answer, ending = await _after_a_while(child, answer)
            detail = str(answer.get("detail", "")) if answer is not None else ending[1]
            scene = _scene(made, child, detail, zygotes)
            reached = (goal.while_alive and goal.is_reached(scene)) or scene.engine_bytes > ENGINE_BOUND_BYTES
        used = await life
        scene = replace(scene, runs_on=used.is_beyond(limits))
        reached = reached or (answer is not None and claims(program.goal, answer))
        reached = reached or await is_reached_after(goal, scene, patience=0.1)
        name = "reached" if reached else ending[0]
        if scene.runs_on and program.goal == "runs on":
            detail = f"{used}; {detail}"
        return Result(reached=reached, ending=name, detail=detail, violations=_kinds(child))


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What a process has used when it is gone, as /proc tells, which the engine does not go by.

    Attributes:
        cpu_seconds: CPU time of all its threads.
        wall_seconds: From when it was first looked at until it was gone.
        lag_seconds: For how long this process, and with it the engine, did not get to look, at most; not the engine's
            doing where a machine is busy.
    """

    cpu_seconds: float
    wall_seconds: float
    lag_seconds: float

    def is_beyond(self, limits: Limits) -> bool:
        """Whether that is more than limits and the slack in enforcing them allow: twice as much, and the lag."""
        cpu_seconds = BEYOND * limits.cpu_seconds + CORES * self.lag_seconds
        wall_seconds = BEYOND * limits.wall_seconds + self.lag_seconds
        return self.cpu_seconds > cpu_seconds or self.wall_seconds > wall_seconds


async def spent(pid: int) -> Spent:
    """What a process has used when it is gone."""
    started = looked = time.monotonic()
    cpu_seconds = lag_seconds = 0.0
    while True:
        used = cpu_seconds_of(pid)
        now = time.monotonic()
        lag_seconds = max(lag_seconds, now - looked)
        if used is None:
            return Spent(cpu_seconds=cpu_seconds, wall_seconds=now - started, lag_seconds=lag_seconds)
        cpu_seconds, looked = used, now
        await asyncio.sleep(LOOK_SECONDS)


@contextlib.asynccontextmanager
async def planted(listeners: Listeners, goal: Goal) -> AsyncIterator[Target]:
    """A target for one program; planted beside the event loop, which must stay free to watch the programs."""
    manager = target(listeners, with_victim=goal.takes_victim)
    made = await asyncio.to_thread(manager.__enter__)
    try:
        yield made
    finally:
        await asyncio.to_thread(manager.__exit__, None, None, None)


async def _after_a_while(child: Child, answer: dict[str, Any]) -> tuple[dict[str, Any] | None, tuple[str, str]]:
    """Whether a program that says that it holds something may keep it: its answer, or how it was ended for it."""
    try:
        await asyncio.wait_for(child.receive(), HOLD_SECONDS)
    except ChildEnded as ended:
        return None, (ended.outcome.value, ended.message)
    except TimeoutError:
        pass
    return answer, ("reached", "")


Order = Callable[[Program, dict[str, Any]], dict[str, Any]]
"""From a program and what it is given: the source that a process runs, and what that one is given."""


def own_order(program: Program, given: dict[str, Any]) -> dict[str, Any]:
    """What runs a program that attacks by itself."""
    return {"source": program.source, "given": given}


def zygotes_of(sandbox: Sandbox) -> tuple[int, ...]:
    """The processes that fork programs."""
    return tuple(zygote.pid for zygote in sandbox._zygotes)


def _kinds(child: Child) -> tuple[str, ...]:
    return tuple(sorted({violation.kind for violation in child.violations}))


def _scene(made: Target, child: Child, detail: str, zygotes: tuple[int, ...]) -> Scene:
    return Scene(target=made, detail=detail, pid=child._pid, zygotes=zygotes, engine_bytes=child._connection.pending)


async def _first_word(child: Child) -> tuple[dict[str, Any] | None, tuple[str, str]]:
    """What a child answers, if it does; and how it ended, with a line about it."""
    try:
        answer = await asyncio.wait_for(child.receive(), WAIT_SECONDS)
    except ChildEnded as ended:
        return None, (ended.outcome.value, ended.message)
    except TimeoutError:
        return None, ("reached", "the engine waits")
    except Exception as error:  # whatever else comes out of the engine is its fall  # noqa: BLE001
        return None, ("reached", f"the engine falls: {error!r}")
    if not isinstance(answer, dict):
        return None, ("reached", f"the engine took {answer!r:.100} for an answer")
    return answer, ("stopped", "")


async def is_reached_after(goal: Goal, scene: Scene, patience: float) -> bool:
    """Whether the goal is seen to be reached after the program's end; what has been sent may still be on its way."""
    if goal.while_alive:
        return False
    scene.target.gone.touch()
    until = time.monotonic() + patience
    while not goal.is_reached(scene):
        if time.monotonic() > until:
            return False
        await asyncio.sleep(0.02)
    return True


@contextlib.contextmanager
def planted_key() -> Iterator[str]:
    """A key in the environment of the engine, and a file open in it, from before workers start."""
    os.environ[KEY_VARIABLE] = key = secrets.token_hex(8)
    with tempfile.TemporaryFile() as file:
        file.write(key.encode())
        file.flush()
        os.set_inheritable(file.fileno(), True)
        try:
            yield key
        finally:
            del os.environ[KEY_VARIABLE]


# ---------------------------------------------------------------- controls


async def control(
    sandbox: Sandbox, program: Program, listeners: Listeners, *, goal: Goal | None = None, order_of: Order = own_order
) -> Result:
    """How a program does without the layer that stops it; only what is seen from outside counts.

    Args:
        sandbox: One that protects from nothing.
        program: The program.
        listeners: Whom it may talk to.
        goal: Its goal, where that is another than its file names.
        order_of: What runs it.
    """
    goal = goal or GOALS[program.goal]
    async with planted(listeners, goal) as made:
        order = order_of(program, made.given())
        if program.control.startswith("plain subprocess"):
            detail = await asyncio.to_thread(_run_plainly, order, made)
            scene = Scene(target=made, detail=detail, pid=0, zygotes=())
            reached = goal.is_reached(scene)
        elif program.goal == "runs on":
            reached, detail = await _runs_on(sandbox, program, order)
        else:
            reached, detail = await _unsandboxed(sandbox, program, order, made, goal)
        absent = program.control.endswith(WHERE_THERE) and not reached and detail == ABSENT
        return Result(
            reached=reached, ending="reached" if reached else "absent" if absent else "stopped", detail=detail
        )


async def _unsandboxed(
    sandbox: Sandbox, program: Program, order: dict[str, Any], made: Target, goal: Goal
) -> tuple[bool, str]:
    is_wire = program.control.startswith("naive engine")
    if is_wire:
        variant = program.control.removeprefix("naive engine").strip()
        order = {
            "source": NAIVE_ENGINE,
            "given": {"variant": variant, "program": program.source, "inner": order["given"]},
        }
    async with sandbox.child("probe", order, GENEROUS) as child:
        zygotes = zygotes_of(sandbox)
        answer, ending = await _first_word(child)
        detail = str(answer.get("detail", "")) if answer is not None else ending[1]
        scene = _scene(made, child, detail, zygotes)
        if is_wire and answer is None and ending[0] != "reached":
            return program.goal == "the engine falls", f"it took the engine down: {detail}"
        if is_wire and program.goal.startswith("the engine"):
            return program.goal in detail, detail
        if goal.while_alive:
            return goal.is_reached(scene), detail
    return await is_reached_after(goal, scene, patience=SETTLE_SECONDS), detail


async def _runs_on(sandbox: Sandbox, program: Program, order: dict[str, Any]) -> tuple[bool, str]:
    """Whether the program is still there after several times what it would be allowed."""
    allowed = limits_of(program)
    async with sandbox.child("probe", order, GENEROUS) as child:
        word = asyncio.ensure_future(_first_word(child))
        started = time.monotonic()
        while not word.done():
            if child.cpu_seconds > BEYOND * allowed.cpu_seconds:
                return True, f"it has used {child.cpu_seconds:.1f} s of CPU time"
            if time.monotonic() - started > BEYOND * allowed.wall_seconds and child.cpu_seconds < allowed.cpu_seconds:
                return True, f"it is there after {time.monotonic() - started:.1f} s"
            await asyncio.wait([word], timeout=0.05)
        answer, ending = word.result()
    return False, f"{answer or ending}"


def _run_plainly(order: dict[str, Any], made: Target) -> str:
    """Runs a program as most tools do: a subprocess with the environment of its parent and what is open there."""
    with (made.folder / "secret").open("rb") as secret:
        ran = subprocess.run(
            [sys.executable, "-c", _PLAIN],
            input=json.dumps(order) + "\n",
            env={**os.environ, KEY_VARIABLE: made.token},
            pass_fds=[secret.fileno()],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    return ran.stdout + ran.stderr[-300:]
