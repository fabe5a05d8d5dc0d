"""The record of refused calls, from real processes in every mode that this machine has."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from selftaught.errors import Outcome
from selftaught.sandbox import Child, ChildEnded, Limits, Sandbox, SandboxConfig
from selftaught.sandbox.child import MAX_REFUSED_CALLS, MAX_WATCHED_CALLS

MIB = 1024 * 1024
QUICK = Limits(cpu_seconds=5.0, wall_seconds=20.0, memory_bytes=256 * MIB, frame_bytes=MIB)


def in_sandbox(body: Callable[[Sandbox], Awaitable[Any]], mode: str) -> Any:
    async def run() -> Any:
        async with await Sandbox.start(SandboxConfig(workers=1, mode=mode)) as sandbox:  # type: ignore[arg-type]
            return await body(sandbox)

    return asyncio.run(run())


async def run_to_its_end(sandbox: Sandbox, source: str) -> tuple[Outcome | None, Child]:
    async with sandbox.child("probe", {"source": source}, QUICK) as child:
        try:
            await child.receive()
        except ChildEnded as ended:
            return ended.outcome, child
        return None, child


def recorded(child: Child) -> list[tuple[str, str, int]]:
    return [(violation.kind, violation.detail, violation.count) for violation in child.violations]


def trying(*statements: str) -> str:
    tries = "".join(f"    try: {statement}\n    except BaseException: pass\n" for statement in statements)
    return f"import os, socket, subprocess, threading\ndef attack():\n{tries}"


def test_every_try_is_on_record_in_its_order(mode: str) -> None:
    source = trying(
        "open('/etc/shadow')",
        "open('notes.txt', 'a')",
        "socket.socket()",
        "os.fork()",
        "os.unlink('/tmp/x')",
        "os.kill(1, 15)",
        "os.listdir('/root/../home')",
        "os.sched_setaffinity(0, {0})",
        "socket.socket()",
    )

    async def body(sandbox: Sandbox) -> None:
        assert sandbox.records_refusals
        outcome, child = await run_to_its_end(sandbox, source)
        assert outcome is None
        assert recorded(child) == [
            ("file", "open '/etc/shadow' for reading", 1),
            ("file", "open '/notes.txt' for writing", 1),
            ("socket", "socket(AF_INET, SOCK_STREAM)", 2),
            ("process", "fork", 1),
            ("file", "unlink '/tmp/x'", 1),
            ("process", "send SIGTERM to process 1", 1),
            ("file", "open '/home' for reading", 1),
            ("process", "sched_setaffinity", 1),
        ]

    in_sandbox(body, mode)


def test_a_thread_is_told_apart_from_its_process(mode: str) -> None:
    source = """
import os, threading
def attack():
    def mischief():
        try: open('/etc/passwd')
        except OSError: pass
    thread = threading.Thread(target=mischief)
    thread.start()
    thread.join()
"""

    async def body(sandbox: Sandbox) -> None:
        _, child = await run_to_its_end(sandbox, source)
        assert recorded(child) == [("file", "open '/etc/passwd' for reading", 1)]

    in_sandbox(body, mode)


def test_an_honest_program_leaves_no_record(mode: str) -> None:
    source = """
import concurrent.futures, json, random, time, datetime, math, os
import numpy as np
def attack():
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        total = sum(pool.map(math.sqrt, range(10)))
    time.localtime(); datetime.datetime.now(); os.cpu_count(); os.getpid(); random.random()
    np.linalg.solve(np.eye(3), np.ones(3))
    print(json.dumps([total]))
    return True
"""

    async def body(sandbox: Sandbox) -> None:
        outcome, child = await run_to_its_end(sandbox, source)
        assert outcome is None
        assert recorded(child) == []

    in_sandbox(body, mode)


def test_a_module_that_is_imported_late_leaves_no_record() -> None:
    async def body(sandbox: Sandbox) -> None:
        for module in ("sqlite3", "email.mime.text", "xml.dom.minidom", "wsgiref.headers"):
            outcome, child = await run_to_its_end(sandbox, f"def attack():\n    import {module}")
            assert (outcome, recorded(child)) == (None, []), module

    in_sandbox(body, "auto")


def test_a_program_that_goes_on_and_on_is_ended(mode: str) -> None:
    source = "import socket\ndef attack():\n  while True:\n    try: socket.socket()\n    except OSError: pass"

    async def body(sandbox: Sandbox) -> None:
        outcome, child = await run_to_its_end(sandbox, source)
        assert outcome is Outcome.VIOLATION
        counts = {kind: count for kind, _, count in recorded(child)}
        assert counts["socket"] > MAX_REFUSED_CALLS
        assert counts["refusal_flood"] == 1

    in_sandbox(body, mode)


def test_a_program_that_keeps_the_engine_busy_is_ended() -> None:
    source = "import os\ndef attack():\n  while True: os.close(os.open(os.__file__, 0))"

    async def body(sandbox: Sandbox) -> None:
        outcome, child = await run_to_its_end(sandbox, source)
        assert outcome is Outcome.VIOLATION
        [(kind, detail, count)] = recorded(child)
        assert (kind, count) == ("refusal_flood", 1)
        assert detail.startswith(f"it kept the engine busy with {MAX_WATCHED_CALLS + 1:,} system calls")

    in_sandbox(body, "auto")


def test_a_program_leaves_no_more_than_a_bounded_record() -> None:
    source = "def attack():\n  for i in range(300):\n    try: open(f'/tmp/{i}')\n    except OSError: pass"

    async def body(sandbox: Sandbox) -> None:
        _, child = await run_to_its_end(sandbox, source)
        assert len(child.violations) == 51
        assert sum(violation.count for violation in child.violations) == 300

    in_sandbox(body, "auto")


UNWATCHED = """
import asyncio, ctypes
from selftaught.sandbox import ChildEnded, Limits, Sandbox, SandboxConfig, diagnose
from selftaught.worker import seccomp

seccomp._libc.prctl(38, 1, 0, 0, 0)
seccomp.Filter([(6, 0, 0, 0x7FFF0000)]).install_watched(seccomp.machine())

SOURCES = {
    "refused": "import socket, os\\ndef attack():\\n"
    "    for call in (socket.socket, os.fork, lambda: os.kill(os.getppid(), 0)):\\n"
    "        try: call()\\n        except PermissionError: continue\\n        return call\\n    return False",
    "ended": "import ctypes\\ndef attack(): return ctypes.CDLL(None).ptrace(0, 0, 0, 0)",
}

async def main():
    async with await Sandbox.start(SandboxConfig(workers=1)) as sandbox:
        print(sandbox.records_refusals)
        for source in SOURCES.values():
            async with sandbox.child("probe", {"source": source}, Limits()) as child:
                try:
                    print((await child.receive())["reached"], child.violations)
                except ChildEnded as ended:
                    print(ended, [violation.kind for violation in child.violations])
    print(next(layer.reason for layer in (await diagnose()).layers if layer.name == "seccomp"))

asyncio.run(main())
"""


def test_where_somebody_else_watches_the_kernel_decides_alone(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container that watches its processes leaves no room for a second watch; the isolation holds all the same."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    done = subprocess.run([sys.executable, "-c", UNWATCHED], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[:3] == [
        "False",
        "False ()",
        "violation: it made a forbidden system call ['system_call']",
    ], done.stderr
    assert "refused calls leave no record" in done.stdout


GONE = """
import ctypes, os, threading
def attack():
    libc = ctypes.CDLL(None)
    def ask():
        while True: libc.syscall(ctypes.c_long(101), 0, 0, 0, 0)
    for _ in range(20): threading.Thread(target=ask, daemon=True).start()
    os._exit(0)
"""


def test_what_a_program_asked_before_it_ended_is_not_laid_to_another(mode: str) -> None:
    async def body(sandbox: Sandbox) -> None:
        for _ in range(20):
            await run_to_its_end(sandbox, GONE)
            outcome, child = await run_to_its_end(sandbox, "def attack(): return 1")
            assert (outcome, recorded(child)) == (None, [])
        for zygote in sandbox._zygotes:
            assert zygote._watch is not None
            assert zygote._watch._unclaimed == []

    in_sandbox(body, mode)


def test_a_program_gets_no_second_table_of_open_files(mode: str) -> None:
    source = trying("__import__('ctypes').CDLL(None).syscall(436, 99, 99, 2)")

    async def body(sandbox: Sandbox) -> None:
        _, child = await run_to_its_end(sandbox, source)
        assert recorded(child) == [("refused_call", "close_range", 1)]

    in_sandbox(body, mode)


def test_what_a_program_sets_on_its_standard_streams_no_other_sees(mode: str) -> None:
    source = (
        "import fcntl\ndef attack():\n    before = fcntl.fcntl(0, 3)\n    fcntl.fcntl(0, 4, 0o6000)\n    return before"
    )

    async def body(sandbox: Sandbox) -> None:
        seen = set()
        for _ in range(2):
            async with sandbox.child("probe", {"source": source}, QUICK) as child:
                answer = await child.receive()
                assert isinstance(answer, dict)
                seen.add(answer["detail"])
        assert len(seen) == 1

    in_sandbox(body, mode)


def test_no_kind_crowds_out_another() -> None:
    source = trying(*[f"open('/tmp/{number}')" for number in range(60)], "socket.socket()")

    async def body(sandbox: Sandbox) -> None:
        _, child = await run_to_its_end(sandbox, source)
        assert ("socket", "socket(AF_INET, SOCK_STREAM)", 1) in recorded(child)

    in_sandbox(body, "auto")
