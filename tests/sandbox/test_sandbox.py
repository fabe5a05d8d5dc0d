"""Children start, answer, are timed and end as they should, in every mode that this machine has."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from selftaught.errors import Outcome, SandboxError, Violation
from selftaught.sandbox import Child, ChildEnded, Limits, Sandbox, SandboxConfig, WorkerLost

MIB = 1024 * 1024
QUICK = Limits(cpu_seconds=1.0, wall_seconds=5.0, memory_bytes=256 * MIB, frame_bytes=MIB)
ECHO = "def attack():\n    while True: channel.send(channel.receive())"


def in_sandbox(body: Callable[[Sandbox], Awaitable[Any]], mode: str = "auto", workers: int = 1) -> Any:
    """Runs `body` in a sandbox of its own; returns what it returns."""

    async def run() -> Any:
        config = SandboxConfig(workers=workers, mode=mode, self_test=False)  # type: ignore[arg-type]
        async with await Sandbox.start(config) as sandbox:
            return await body(sandbox)

    return asyncio.run(run())


async def answer_of(sandbox: Sandbox, source: str, limits: Limits = QUICK) -> Any:
    """Returns what `attack()` of a source returns, as text."""
    async with sandbox.child("probe", {"source": source}, limits) as child:
        answer: Any = await child.receive()
        return answer["detail"]


async def ending_of(sandbox: Sandbox, source: str, limits: Limits = QUICK) -> tuple[Outcome, str, Child]:
    """Returns how a program ends that gives no answer."""
    async with sandbox.child("probe", {"source": source}, limits) as child:
        with pytest.raises(ChildEnded) as caught:
            await child.receive()
        return caught.value.outcome, caught.value.message, child


def test_messages_go_round(mode: str) -> None:
    messages = [None, True, 3, 0.5, "ä", b"\x00", [1, [2]], {"a": {"b": 1}}, "x" * 100_000, [0.5] * 50_000]

    async def body(sandbox: Sandbox) -> None:
        async with sandbox.child("probe", {"source": ECHO}, QUICK) as child:
            for message in messages:
                await child.send(message)
                assert await child.receive() == message
            await child.send(np.eye(3))
            array: Any = await child.receive()
            assert np.array_equal(array, np.eye(3))
            assert child.violations == ()

    in_sandbox(body, mode)


def test_what_a_child_sent_before_it_ended_is_still_delivered() -> None:
    source = "import os\ndef attack():\n    channel.send('last words')\n    os._exit(7)"

    async def body(sandbox: Sandbox) -> None:
        async with sandbox.child("probe", {"source": source}, QUICK) as child:
            await child.ended.wait()
            assert await child.receive() == "last words"
            with pytest.raises(ChildEnded, match="exit code 7") as caught:
                await child.receive()
            assert caught.value.outcome is Outcome.EXITED
            with pytest.raises(ChildEnded, match="exit code 7"):
                await child.send("too late")

    in_sandbox(body)


def test_the_environment_is_empty_and_python_sees_its_paths_only(mode: str) -> None:
    source = "import os, sys\ndef attack(): return dict(os.environ), os.getcwd(), sys.flags.hash_randomization"
    assert in_sandbox(lambda sandbox: answer_of(sandbox, source), mode) == "({}, '/', 0)"


def test_only_the_worker_folder_of_the_package_exists_inside() -> None:
    source = "def attack():\n    import selftaught.worker.wire\n    import selftaught.errors"
    assert "No module named 'selftaught.errors'" in in_sandbox(lambda sandbox: answer_of(sandbox, source))


@pytest.mark.parametrize(
    "source",
    [
        "from concurrent.futures import ThreadPoolExecutor as T\n"
        "def attack():\n    with T(8) as pool: return sum(pool.map(lambda x: x * x, range(10)))",
        "import asyncio\nasync def f(): await asyncio.sleep(0.001); return 285\ndef attack(): return asyncio.run(f())",
        "import numpy as np\ndef attack(): return int((np.linalg.inv(np.eye(64)) @ np.full(64, 285.0))[0])",
        "import sqlite3\ndef attack(): return sqlite3.connect(':memory:').execute('select 285').fetchone()[0]",
        "import signal\ndef attack():\n    signal.setitimer(signal.ITIMER_REAL, 5)\n    return 285",
        "import subprocess, tempfile, multiprocessing, socket, logging, pathlib\ndef attack(): return 285",
    ],
    ids=["threads", "asyncio", "linear algebra", "database in memory", "timer", "imports"],
)
def test_honest_programs_run(source: str, mode: str) -> None:
    assert in_sandbox(lambda sandbox: answer_of(sandbox, source), mode) == "285"


def test_threads_can_be_denied() -> None:
    source = "import threading\ndef attack(): threading.Thread(target=print).start()"
    limits = Limits(cpu_seconds=1.0, threads=False)
    assert "can't start new thread" in in_sandbox(lambda sandbox: answer_of(sandbox, source, limits))


def test_all_zygotes_make_equal_children(mode: str) -> None:
    source = (
        "import random, numpy as np\n"
        "def attack(): return random.random(), float(np.random.rand()), float(np.random.default_rng().random()), "
        "hash('selftaught'), list({'a', 'b', 'c', 'd', 'e'})"
    )

    async def body(sandbox: Sandbox) -> list[str]:
        return list(await asyncio.gather(*(answer_of(sandbox, source) for _ in range(6))))

    assert len({*in_sandbox(body, mode, workers=2), *in_sandbox(body, mode, workers=1)}) == 1


def test_what_a_child_used_is_known_also_between_its_end_and_the_word_of_it() -> None:
    """Its clock goes with it. Read then, nothing used would be recorded, and a limit would have been kept by chance."""

    async def body(sandbox: Sandbox) -> tuple[float, float]:
        source = "def attack():\n    sum(i * i for i in range(300_000))\n    return 'done'"
        async with sandbox.child("probe", {"source": source}, QUICK) as child:
            await child.receive()
            deadline = time.monotonic() + 10
            while Path(f"/proc/{child.pid}").exists() and time.monotonic() < deadline:
                time.sleep(0.001)  # the loop stands still, so that no word of the end comes through
            assert not Path(f"/proc/{child.pid}").exists()
            return child.cpu_seconds, await child.cpu_seconds_used()

    so_far, in_all = in_sandbox(body)
    assert so_far == 0.0  # the moment that is meant was met
    assert 0.001 < in_all < 1.0


def test_cpu_time_is_limited_whatever_the_clock_says(mode: str) -> None:
    limits = Limits(cpu_seconds=0.3, wall_seconds=30.0)

    async def body(sandbox: Sandbox) -> None:
        started = time.monotonic()
        outcome, message, child = await ending_of(sandbox, "def attack():\n    while True: pass", limits)
        assert (outcome, message) == (Outcome.TIMED_OUT, "it used more than 0.3 s of CPU time")
        assert 0.3 <= child.cpu_seconds < 1.0
        assert time.monotonic() - started < 5

    in_sandbox(body, mode)


def test_the_wall_clock_stands_while_the_engine_serves_a_request() -> None:
    limits = Limits(cpu_seconds=1.0, wall_seconds=0.4)
    source = "def attack():\n    channel.send('request')\n    return channel.receive()"

    async def body(sandbox: Sandbox) -> None:
        async with sandbox.child("probe", {"source": source}, limits) as child:
            assert await child.receive() == "request"
            with child.wall_paused(), child.wall_paused():
                await asyncio.sleep(0.8)
            await child.send("answer")
            answer: Any = await child.receive()
            assert answer["detail"] == "'answer'"
        async with sandbox.child("probe", {"source": source}, limits) as child:
            await child.receive()
            with pytest.raises(ChildEnded, match=r"not done after 0\.4 s") as caught:
                await child.receive()
            assert caught.value.outcome is Outcome.TIMED_OUT

    in_sandbox(body)


def test_endless_loops_leave_their_neighbours_untouched() -> None:
    honest = "def attack():\n    return sum(i * i for i in range(300_000))"
    limits = Limits(cpu_seconds=1.0, wall_seconds=30.0)

    async def body(sandbox: Sandbox) -> list[str]:
        loops = [
            asyncio.create_task(ending_of(sandbox, "def attack():\n    while True: pass", limits)) for _ in range(4)
        ]
        answers = [await answer_of(sandbox, honest, limits) for _ in range(4)]
        endings = await asyncio.gather(*loops)
        assert {outcome for outcome, _, _ in endings} == {Outcome.TIMED_OUT}
        return answers

    assert in_sandbox(body, workers=2) == [str(sum(i * i for i in range(300_000)))] * 4


def test_an_exit_costs_that_child_alone() -> None:
    async def body(sandbox: Sandbox) -> None:
        async with sandbox.child("probe", {"source": ECHO}, QUICK) as neighbour:
            outcome, message, _ = await ending_of(sandbox, "import os\ndef attack(): os._exit(3)")
            assert (outcome, message) == (Outcome.EXITED, "its process ended with exit code 3")
            await neighbour.send(1)
            assert await neighbour.receive() == 1

    in_sandbox(body)


def test_a_forbidden_call_is_a_violation(mode: str) -> None:
    source = "import ctypes\ndef attack(): return ctypes.CDLL(None).ptrace(0, 0, 0, 0)"

    async def body(sandbox: Sandbox) -> None:
        outcome, message, child = await ending_of(sandbox, source)
        assert outcome is Outcome.VIOLATION
        assert message == "it made a forbidden system call: ptrace"
        assert child.violations == (Violation(kind="system_call", detail="ptrace"),)

    in_sandbox(body, mode)


def test_memory_that_the_role_does_not_catch_is_out_of_memory() -> None:
    source = "def attack():\n    raise SystemExit(103)"
    assert in_sandbox(lambda sandbox: ending_of(sandbox, source))[0] is Outcome.OUT_OF_MEMORY


def test_a_kill_from_the_outside_says_nothing_about_the_child() -> None:
    async def body(sandbox: Sandbox) -> None:
        async with sandbox.child("probe", {"source": ECHO}, QUICK) as child:
            os.kill(child.pid, signal.SIGKILL)
            with pytest.raises(WorkerLost, match="most likely for want of memory"):
                await child.receive()

    in_sandbox(body)


def test_a_child_that_does_not_read_holds_nobody_up() -> None:
    limits = Limits(cpu_seconds=1.0, wall_seconds=0.5)
    source = "import time\ndef attack(): time.sleep(60)"

    async def body(sandbox: Sandbox) -> None:
        async with sandbox.child("probe", {"source": source}, limits) as child:
            with pytest.raises(ChildEnded):
                await child.send(b"x" * (8 * MIB))

    in_sandbox(body)


def test_a_flood_is_held_back() -> None:
    source = "def attack():\n    while True: channel.send('x' * 100_000)"

    async def body(sandbox: Sandbox) -> None:
        async with sandbox.child("probe", {"source": source}, QUICK) as child:
            await child.receive()
            await asyncio.sleep(0.3)
            assert child._connection.pending < 2 * MIB
            for _ in range(50):
                assert await child.receive() == "x" * 100_000

    in_sandbox(body)


def test_a_flood_of_small_messages_does_not_pile_up_while_they_are_taken() -> None:
    source = "def attack():\n    import os\n    while True: os.write(3, b'\\0\\0\\0\\1\\xc0' * 50_000)"
    limits = Limits(cpu_seconds=5.0, wall_seconds=20.0, frame_bytes=64 * 1024)

    async def body(sandbox: Sandbox) -> None:
        async with sandbox.child("probe", {"source": source}, limits) as child:
            for _ in range(200):
                assert await child.receive() is None
                await asyncio.sleep(0.001)
                assert child._connection.pending < MIB

    in_sandbox(body)


def test_a_dead_zygote_is_replaced_and_its_children_have_ended(mode: str) -> None:
    async def body(sandbox: Sandbox) -> None:
        async with sandbox.child("probe", {"source": ECHO}, QUICK) as child:
            os.kill(sandbox._zygotes[0].pid, signal.SIGKILL)
            with pytest.raises(WorkerLost, match="the process that started it ended"):
                await child.receive()
        assert await answer_of(sandbox, "def attack(): return 1") == "1"

    in_sandbox(body, mode)


def test_a_job_that_was_being_started_on_a_dying_zygote_is_started_again() -> None:
    async def body(sandbox: Sandbox) -> None:
        for _ in range(3):
            starting = [asyncio.create_task(answer_of(sandbox, "def attack(): return 1")) for _ in range(3)]
            os.kill(sandbox._zygotes[0].pid, signal.SIGKILL)
            results = await asyncio.gather(*starting, return_exceptions=True)
            assert all(result == "1" or isinstance(result, WorkerLost) for result in results), results

    in_sandbox(body)


def test_leaving_early_or_by_cancellation_kills_the_child() -> None:
    async def body(sandbox: Sandbox) -> None:
        pids = []

        async def wait_for_ever() -> None:
            async with sandbox.child("probe", {"source": "def attack():\n    while True: pass"}, QUICK) as child:
                pids.append(child._pid)
                await child.receive()

        for delay in (0.0, 0.001, 0.003, 0.2):
            task = asyncio.create_task(wait_for_ever())
            await asyncio.sleep(delay)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        await asyncio.sleep(0.1)
        assert pids
        assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
        assert not sandbox._zygotes[0].children

    in_sandbox(body)


def test_nothing_is_left_behind(mode: str) -> None:
    asyncio.run(asyncio.sleep(0))
    before = (len(list(Path("/proc/self/fd").iterdir())), descendants())

    async def body(sandbox: Sandbox) -> None:
        await asyncio.gather(*(answer_of(sandbox, "def attack(): return 1") for _ in range(8)))
        await ending_of(sandbox, "import os\ndef attack(): os.close(3)")
        async with sandbox.child("probe", {"source": ECHO}, QUICK):
            pass

    in_sandbox(body, mode, workers=2)
    time.sleep(0.05)
    assert (len(list(Path("/proc/self/fd").iterdir())), descendants()) == before


def descendants() -> set[int]:
    """Returns the processes below this one, whatever state they are in."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(entry.parent.name)] = int(fields[1])
    found = {os.getpid()}
    for _ in range(8):
        found |= {pid for pid, parent in parents.items() if parent in found}
    return found - {os.getpid()}


def test_an_unknown_role_is_an_error_of_ours() -> None:
    async def body(sandbox: Sandbox) -> None:
        with pytest.raises(SandboxError, match="no role 'nothing'"):
            async with sandbox.child("nothing", {}, QUICK):
                pass

    in_sandbox(body)


def test_closing_ends_the_children_that_are_left() -> None:
    async def run() -> ChildEnded:
        sandbox = await Sandbox.start(SandboxConfig(workers=1, self_test=False))
        async with sandbox.child("probe", {"source": ECHO}, QUICK) as child:
            await sandbox.close()
            with pytest.raises(ChildEnded) as caught:
                await child.receive()
            return caught.value

    assert asyncio.run(run()).outcome is Outcome.EXITED


def test_without_isolation_a_child_still_has_limits_and_leaves_nothing_behind() -> None:
    source = (
        "import os, time\n"
        "def attack():\n    pid = os.fork()\n    if pid == 0: time.sleep(60)\n"
        "    channel.send(pid)\n    channel.receive()"
    )

    async def body(sandbox: Sandbox) -> None:
        assert sandbox.warning is not None
        assert "without isolation" in sandbox.warning
        async with sandbox.child("probe", {"source": source}, QUICK) as child:
            pid = await child.receive()
        await asyncio.sleep(0.1)
        status = Path(f"/proc/{pid}/status")
        assert not status.exists() or "State:\tZ" in status.read_text()
        outcome, _, _ = await ending_of(sandbox, "def attack():\n    while True: pass", Limits(cpu_seconds=0.2))
        assert outcome is Outcome.TIMED_OUT

    in_sandbox(body, "unsandboxed")


def test_each_mode_runs_as_it_says(mode: str) -> None:
    async def body(sandbox: Sandbox) -> tuple[str, str | None, dict[str, str]]:
        status = Path(f"/proc/{sandbox._zygotes[0].pid}/status").read_text().splitlines()
        return sandbox.mode, sandbox.warning, dict(line.split(":\t", 1) for line in status if ":\t" in line)

    name, warning, status = in_sandbox(body, mode)
    assert name == mode
    assert (warning is None) == (mode == "full")
    assert int(status["CapEff"], 16) == 0
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
