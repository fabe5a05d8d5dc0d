"""However a run ends, nothing is left of it but its store: no process, no shared memory, no temporary file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .conftest import SELFTAUGHT
from .test_cli import _heed_interrupts

ASKED, KILLED = 0.5, 5.0
"""How many seconds processes may outlive an engine that was asked to end, and one that was killed."""
SHARED = Path("/dev/shm")
STORE = "selftaught.db"
RUN = ("run", "dispatch", "--rounds", "4", "--rng-seed", "0", "--workers", "2")


class Watched:
    """A command under way, and all that it may leave behind."""

    def __init__(self, process: subprocess.Popen[str], pid: int, temporary: Path, shared_before: set[Path]) -> None:
        self._process = process
        self._temporary = temporary
        self._shared_before = shared_before
        self.pid = pid

    def until(self, is_so: Callable[[], bool]) -> None:
        """Nothing; returns when something is so."""
        deadline = time.monotonic() + 60
        while not is_so():
            assert self._process.poll() is None, "it ended"
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def has_processes(self) -> bool:
        """Whether it has started one."""
        tasks = Path(f"/proc/{self.pid}/task")
        return any((thread / "children").read_text() for thread in tasks.iterdir()) if tasks.exists() else False

    def end(self, *numbers: int) -> int:
        """The exit code, after signals; nothing is left."""
        for number in numbers:
            os.kill(self.pid, number)
            time.sleep(0.05)
        printed, _ = self._process.communicate(timeout=60)
        code, processes = json.loads(printed.splitlines()[-1])
        assert processes == []
        assert [*self._temporary.iterdir()] == []
        new = {*SHARED.iterdir()} - self._shared_before
        assert {path for path in new if path.exists() and path.stat().st_uid == os.geteuid()} == set()
        return code


@pytest.fixture
def watched(tmp_path: Path):
    """`watched(seconds, ...)`: a call of the command line whose processes may outlive it by so many seconds."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()

    @contextmanager
    def watched(seconds: float, *arguments: str) -> Iterator[Watched]:
        command = [sys.executable, Path(__file__).with_name("left_behind.py"), str(seconds), SELFTAUGHT, *arguments]
        before = {*SHARED.iterdir()}
        with subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            preexec_fn=_heed_interrupts, env={**os.environ, "TMPDIR": str(temporary)},
        ) as process:  # fmt: skip
            assert process.stdout is not None
            yield Watched(process, int(process.stdout.readline()), temporary, before)

    return watched


def in_folder(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"temporary"}


ENDS = {
    "Ctrl-C": (signal.SIGINT,),
    "twice": (signal.SIGINT, signal.SIGINT),
    "SIGTERM": (signal.SIGTERM,),
    "SIGTERM and Ctrl-C": (signal.SIGTERM, signal.SIGINT),
    "SIGKILL": (signal.SIGKILL,),
}


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        *((moment, end) for moment in ("it starts", "it works") for end in ENDS),
        ("it goes on", "Ctrl-C"),
        ("it goes on", "SIGKILL"),
    ],
)
def test_nothing_is_left_of_a_run_that_was_ended(selftaught, watched, tmp_path, moment, end):
    numbers = ENDS[end]
    is_killed = signal.SIGKILL in numbers
    command: tuple[str, ...] = RUN
    log = tmp_path / f"{STORE}-wal"
    if moment == "it goes on":
        with watched(KILLED, *RUN) as begun:
            begun.until(lambda: log.exists() and log.stat().st_size > 300_000)
            begun.end(signal.SIGKILL)
        [listed] = selftaught("runs", "--json").document
        command = ("resume", listed["run_id"])
    with watched(KILLED if is_killed else ASKED, *command) as under_way:
        under_way.until(under_way.has_processes)
        if moment != "it starts":
            under_way.until(lambda: log.exists() and log.stat().st_size > 300_000)
        code = under_way.end(*numbers)
    assert code == (-signal.SIGKILL if is_killed else 1)
    kept = {STORE, f"{STORE}-wal", f"{STORE}-shm"} if is_killed else {STORE}
    assert in_folder(tmp_path) <= kept
    if moment != "it starts":
        assert [run["status"] for run in selftaught("runs", "--json").document] == ["interrupted"]
        assert in_folder(tmp_path) == {STORE}, "who looks at it takes over what the log still had"


def test_nothing_is_left_of_a_run_that_ended_by_itself(watched, tmp_path):
    with watched(ASKED, "improve", "dispatch", "--budget-calls", "1", "--rng-seed", "0", "--json") as under_way:
        assert under_way.end() == 0
    assert in_folder(tmp_path) == {STORE}
