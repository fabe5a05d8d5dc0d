"""What a person is told about the isolation on this machine: which mode, why, and what would mend it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from selftaught.errors import SandboxError
from selftaught.sandbox import self_test
from selftaught.sandbox.limits import Mode, SandboxConfig
from selftaught.sandbox.modes import MODES, Choice, choose, mend_of
from selftaught.sandbox.sandbox import Sandbox
from selftaught.worker import landlock, seccomp


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One part of the isolation.

    Attributes:
        name: `bubblewrap`, `landlock`, `seccomp` or `self-test`.
        works: Whether it can be used here.
        reason: What was seen.
    """

    name: str
    works: bool
    reason: str


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """The isolation on this machine.

    Attributes:
        mode: The mode that `auto` takes; None where programs would be refused.
        modes: Why each of the three modes cannot be had; None for those that can.
        layers: The parts, each with what was seen.
        attacks: The attacks of the self-test, run anew, and how each failed (or what it got).
        user: As whom programs run.
        mend: What to do for a stronger mode; None where nothing is to be mended.
    """

    mode: Mode | None
    modes: dict[Mode, str | None]
    layers: list[Layer]
    attacks: list[self_test.Attempt] = field(default_factory=list)
    user: str = ""
    mend: str | None = None


async def diagnose() -> Diagnosis:
    """Returns what isolation this machine gives, by trying every mode and running the self-test anew."""
    modes: dict[Mode, str | None] = {}
    choices: list[Choice] = []
    watched = False
    why_paths_show: str | None = None
    for mode in MODES:
        try:
            choice = await choose(mode)
        except SandboxError as error:
            modes[mode] = str(error)
        else:
            watched = watched or choice.zygote.is_watched
            why_paths_show = why_paths_show or choice.why_paths_show
            choice.zygote.close()
            modes[mode] = None
            choices.append(choice)
    layers = [_bubblewrap(modes), _landlock(), _seccomp(watched=watched, why_paths_show=why_paths_show)]
    causes = [cause for cause in modes.values() if cause is not None]
    mend = mend_of(causes[0]) if causes else None
    if not choices:
        return Diagnosis(mode=None, modes=modes, layers=layers, mend=mend)
    plan = choices[0].plan
    attempts, tested = await _attack(plan.mode)
    user = f"uid {os.getuid() if plan.uid is None else plan.uid}"
    if os.getuid() == 0 and plan.uid is None:
        user += " without capabilities (another user could not read this Python)"
    mode_held = plan.mode if tested.works else None
    return Diagnosis(mode=mode_held, modes=modes, layers=[*layers, tested], attacks=attempts, user=user, mend=mend)


async def _attack(mode: Mode) -> tuple[list[self_test.Attempt], Layer]:
    """Runs the self-test in a mode, whether or not an earlier pass is remembered."""
    try:
        async with await Sandbox.start(SandboxConfig(workers=1, mode=mode, self_test=False)) as sandbox:
            attempts = await self_test.run(sandbox, sandbox.plan)
    except SandboxError as error:
        return [], Layer(name="self-test", works=False, reason=str(error))
    reached = [attempt.name for attempt in attempts if attempt.reached]
    if reached:
        return attempts, Layer(name="self-test", works=False, reason=f"these attacks succeeded: {', '.join(reached)}")
    return attempts, Layer(
        name="self-test", works=True, reason=f"all {len(attempts)} attacks failed in the mode {mode}"
    )


def _bubblewrap(modes: dict[Mode, str | None]) -> Layer:
    cause = modes["full"]
    return Layer(
        name="bubblewrap", works=cause is None, reason="it starts isolated workers" if cause is None else cause
    )


def _landlock() -> Layer:
    version = landlock.abi()
    return Layer(name="landlock", works=version > 0, reason=f"ABI {version}" if version else "the kernel offers none")


def _seccomp(*, watched: bool, why_paths_show: str | None) -> Layer:
    machine = seccomp.machine()
    if machine is None:
        return Layer(name="seccomp", works=False, reason=f"no table of system calls for {os.uname().machine}")
    record = "refused calls are on record" if watched else "refused calls leave no record: the kernel cannot be asked"
    if why_paths_show:
        record += f"; in the mode confined programs can find out which paths exist: {why_paths_show}"
    return Layer(name="seccomp", works=True, reason=f"the table for {machine}; {record}")
