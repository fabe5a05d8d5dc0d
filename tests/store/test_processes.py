"""Several processes at once, and processes that end without a word."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from selftaught.store import RunStart, Store, processes

WRITER = """
import asyncio, datetime, itertools, sys
from selftaught.errors import Outcome
from selftaught.store import EvaluationRecord, RunStart, Store

path, run_id, many = sys.argv[1], sys.argv[2], int(sys.argv[3])

async def main():
    store = Store.open(path, clock=lambda: datetime.datetime.now(datetime.UTC))
    store.start_run(RunStart(run_id=run_id, config={}))
    for number in range(many):
        program = store.add_program(f"shared {number}", "solution")
        store.add_evaluation(EvaluationRecord(run_id=run_id, program=program, task="t", split="test",
                                              outcome=Outcome.OK, value=float(number)))
        await store.committed()
        print(number, flush=True)
    store.finish_run(run_id, status="finished")
    store.close()

asyncio.run(main())
"""


@pytest.fixture(params=["a file", "postgresql"])
def location(request: pytest.FixtureRequest, path: Path) -> str:
    """Where a store may be made."""
    return str(path) if request.param == "a file" else request.getfixturevalue("postgresql")


def start_writer(path: Path | str, run_id: str, many: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), run_id, str(many)], stdout=subprocess.PIPE, text=True
    )


def test_processes_make_and_write_one_store_at_once(location: str, clock: Callable[[], datetime]) -> None:
    writers = [start_writer(location, f"r-{number}", 150) for number in range(3)]
    for writer in writers:
        writer.communicate(timeout=60)
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    with Store.open(location, clock=clock, read_only=True) as store:
        for number in range(3):
            assert [record.value for record in store.evaluations(f"r-{number}")] == list(range(150))
            assert store.run(f"r-{number}").status == "finished"
            assert len(store.programs(f"r-{number}")) == 150


def test_a_killed_writer_leaves_all_that_was_committed(location: str, clock: Callable[[], datetime]) -> None:
    with start_writer(location, "r-1", 1_000_000) as writer:
        assert writer.stdout is not None
        for line in writer.stdout:
            if int(line) == 40:
                with Store.open(location, clock=clock, read_only=True) as store:
                    assert store.run("r-1").status == "running"
                writer.send_signal(signal.SIGKILL)
                break
        last = max([40, *(int(line) for line in writer.stdout.read().splitlines()[:-1])])
    with Store.open(location, clock=clock) as store:
        values = [record.value for record in store.evaluations("r-1")]
        assert values == list(range(len(values)))
        assert len(values) > last
        run = store.run("r-1")
        assert (run.status, run.message) == ("interrupted", "its process is gone")
        assert store.runs()[0].status == "interrupted"
        store.resume_run("r-1")
        assert store.run("r-1").status == "running"


def test_what_was_not_closed_is_written_at_exit(path: Path, clock: Callable[[], datetime]) -> None:
    script = WRITER.replace("await store.committed()", "pass").replace("    store.close()\n", "")
    subprocess.run([sys.executable, "-c", script, str(path), "r-1", "5"], check=True, stdout=subprocess.DEVNULL)
    with Store.open(path, clock=clock, read_only=True) as store:
        assert (len(store.evaluations("r-1")), store.run("r-1").status) == (5, "finished")


def test_this_process_is_there() -> None:
    assert not processes.is_gone(processes.identity())


def test_a_reused_number_is_another_process() -> None:
    identity = processes.identity()
    assert processes.is_gone({**identity, "start_ticks": identity["start_ticks"] - 1})


def test_a_process_before_the_last_boot_is_gone() -> None:
    assert processes.is_gone({**processes.identity(), "boot_id": "another"})


def test_nothing_is_known_of_other_machines_and_containers() -> None:
    identity = processes.identity()
    assert not processes.is_gone({**identity, "host": "elsewhere", "pid": 0})
    assert not processes.is_gone({**identity, "pid_namespace": "pid:[1]", "start_ticks": 0})


def test_a_zombie_is_gone() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    assert processes.is_gone({**processes.identity(), "pid": child, "start_ticks": 1})
    os.waitpid(child, 0)


def test_a_run_of_this_process_is_running(store: Store) -> None:
    store.start_run(RunStart(run_id="r-1", config={}))
    assert store.run("r-1").status == "running"
