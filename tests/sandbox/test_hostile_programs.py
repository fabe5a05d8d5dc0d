"""Every hostile program, in every mode that this machine has: none reaches its goal, and each ends as its file says."""

from __future__ import annotations

import asyncio
import functools
import platform
import re
from pathlib import Path

import pytest

from selftaught.sandbox import ChildEnded, Limits, Sandbox, SandboxConfig

MIB = 1024 * 1024
PROGRAMS = sorted((Path(__file__).parent.parent / "programs" / "hostile").glob("*.py"))
LIMITS = Limits(cpu_seconds=0.6, wall_seconds=2.0, memory_bytes=256 * MIB, frame_bytes=MIB)
X86_ONLY = {"kernel_x32", "kernel_int80"}


@functools.cache
def endings(mode: str) -> dict[str, tuple[str, str]]:
    """Runs all of them beside each other in one sandbox; returns how each ended and its message."""

    async def one(sandbox: Sandbox, path: Path) -> tuple[str, str]:
        async with sandbox.slots, sandbox.child("probe", {"source": path.read_text()}, LIMITS) as child:
            try:
                answer = await child.receive()
            except ChildEnded as ended:
                if ended.outcome in ("violation", "protocol_violation"):
                    assert child.violations
                return ended.outcome.value, ended.message
            assert isinstance(answer, dict)
            return "reached" if answer["reached"] else "stopped", str(answer["detail"])

    async def everything() -> dict[str, tuple[str, str]]:
        async with await Sandbox.start(SandboxConfig(mode=mode, workers=4)) as sandbox:  # type: ignore[arg-type]
            results = await asyncio.gather(*(one(sandbox, path) for path in PROGRAMS))
            return dict(zip((path.stem for path in PROGRAMS), results, strict=True))

    return asyncio.run(everything())


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_hostile_program_ends_as_it_should(path: Path, mode: str) -> None:
    if path.stem in X86_ONLY and platform.machine() != "x86_64":
        pytest.skip("a way into the kernel that only x86-64 has")
    expected = re.search(r"^# expect: (\w+)$", path.read_text(), re.MULTILINE)
    assert expected is not None
    outcome, message = endings(mode)[path.stem]
    assert outcome == expected[1], message
    assert not Path("/tmp/pwned").exists()
