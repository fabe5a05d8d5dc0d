"""Kills a run at random moments until it has survived so many, and sees whether anything was lost or paid for twice.

    .venv/bin/python benchmarks/kill_test.py [--kills 100] [--rng-seed 0] [--folder DIR]        (make kill-test)

Every run goes on over HTTP with a model that has latency (`serve-model gp` behind a proxy that counts), several
improvements in parallel. What is killed is drawn anew each time: the engine (SIGKILL), a zygote, a worker, the model
server. Where the engine is dead the run is resumed; where it is not, it has to go on by itself. In the end its document
must be that of a run that nobody disturbed, but for ids and times.

The judge of "asked twice" is the proxy. An answer that was under way when the engine that had asked for it died, sent
less than `IN_TRANSIT_SECONDS` before the kill or after it, may not have been stored: those are counted apart.

The judge of "run twice" is the log of events, which has a line for each evaluation that really began: one that stood
in the store before a life of the run began must not be among those of that life. The check of the task is not of the
run: it measures the seed solution anew each time, on purpose, to see whether the same comes of it.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import math
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from counting_proxy import CountingProxy

from selftaught.task_check import ANOTHER_CHECK, CHECK

Evaluated = tuple[str, str, str, str]
"""Solution, task, split and draw."""

SELFTAUGHT = Path(sys.executable).with_name("selftaught")
IN_TRANSIT_SECONDS = 0.05
REFUSED = 2
"""The exit code of what is not begun."""
LATENCY_SECONDS = (0.02, 0.15)
BETWEEN_KILLS_SECONDS = (0.3, 4.0)
SERVER_IS_AWAY_SECONDS = 1.0
LONGEST_RUN_SECONDS = 600.0
SETTINGS = (
    *("--rounds", "2", "--repeats", "2", "--gate-repeats", "2", "--test-repeats", "2", "--fresh-repeats", "3"),
    *("--budget-calls", "4", "--budget-responses", "4", "--budget-utility", "17"),
    *("--meta-budget-calls", "2", "--meta-budget-responses", "3", "--meta-budget-utility", "6"),
    *("--outage-seconds", "60", "--concurrency", "8"),
)
NOT_COMPARED = {"run_id", "budget", "spending", "violations", "evaluations"}
"""Ids and times; and what is counted, which the test compares by itself."""

VICTIMS = ("engine", "engine", "engine", "engine", "engine", "engine", "zygote", "worker", "model server")


@dataclass(kw_only=True)
class Report:
    """What came of it, over all runs."""

    kills: Counter[str] = field(default_factory=Counter)
    resumes: int = 0
    refused: int = 0
    runs: int = 0
    different: list[str] = field(default_factory=list)
    asked_twice: list[float] = field(default_factory=list)
    """The seconds from each such answer to the kill of the engine that had asked for it."""
    in_transit: list[float] = field(default_factory=list)
    """The same; below 0 where it was sent when the engine was dead already."""
    evaluations: int = 0
    evaluated_twice: int = 0
    orphans: int = 0
    requests: int = 0
    samples: int = 0


class ModelServer:
    """`selftaught serve-model gp`, which can be killed and is started again at the same port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = 0
        self.start()

    def start(self) -> None:
        """Nothing; returns when it answers."""
        command = [SELFTAUGHT, "serve-model", "gp", "--port", str(self._port), "--json", "--workers", "1"]
        self._process = subprocess.Popen(command, cwd=self._folder, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        lines = []
        while "}" not in "".join(lines):
            lines.append(self._process.stdout.readline())
        self.url = json.loads("".join(lines))["url"]
        self._port = int(self.url.rpartition(":")[2].partition("/")[0])

    def kill(self) -> None:
        """Nothing; it is gone at once."""
        self._process.kill()
        self._process.wait()


class KilledRun:
    """One run, disturbed until it is done."""

    def __init__(self, folder: Path, url: str, rng_seed: int, report: Report) -> None:
        self._folder, self._rng_seed, self._report = folder, rng_seed, report
        self._model = f"{url}#gp"
        self._log = folder / f"killed-{rng_seed}.log"
        self._stored_before: list[tuple[int, set[Evaluated]]] = []
        self.store = folder / f"killed-{rng_seed}.db"
        self.killed_at: list[tuple[float, float]] = []

    def undisturbed(self) -> dict[str, Any]:
        """The document of the same run with nothing in its way."""
        return self._finish(self._start("run", "--store", str(self._folder / f"whole-{self._rng_seed}.db")))

    def disturbed(self, n_kills: int, server: ModelServer, rng: random.Random) -> dict[str, Any]:
        """The document of the run after `n_kills` kills, or as many as it lasted for."""
        process = self._start("run", "--store", str(self.store), "--log", str(self._log))
        for _ in range(n_kills):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(rng.uniform(*BETWEEN_KILLS_SECONDS))
                if not self._was_refused(process):
                    break
            self._kill(rng.choice(VICTIMS), process, server, rng)
            if process.poll() is not None:
                process = self._resume()
        return self._finish(process)

    def _was_refused(self, process: subprocess.Popen[str]) -> bool:
        """Whether a run was not begun, and nothing recorded, because the model server was away just then."""
        refused = process.poll() == REFUSED and not self._on_record()
        self._report.refused += refused
        return refused

    def _start(self, *command: str) -> subprocess.Popen[str]:
        asked_for = ("dispatch", *SETTINGS, "--model", self._model, "--rng-seed", str(self._rng_seed))
        call = [str(SELFTAUGHT), *command, *(asked_for if command[0] == "run" else ()), "--json"]
        return subprocess.Popen(call, cwd=self._folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def _kill(self, victim: str, process: subprocess.Popen[str], server: ModelServer, rng: random.Random) -> None:
        if victim == "model server":
            server.kill()
            time.sleep(SERVER_IS_AWAY_SECONDS)
            server.start()
        elif victim == "engine":
            below = list(descendants_of(process.pid))
            killed = time.monotonic()
            process.kill()
            process.wait()
            self.killed_at.append((killed, time.monotonic()))
            self._report.orphans += len(still_there(below))
        else:
            level = [pid for pid, depth in depths_below(process.pid) if (depth >= 3) == (victim == "worker")]
            if not level:
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(rng.choice(level), signal.SIGKILL)
        self._report.kills[victim] += 1

    def _resume(self) -> subprocess.Popen[str]:
        self._report.resumes += 1
        options = ("--store", str(self.store), "--log", str(self._log))
        on_record = self._on_record()
        if not on_record:
            return self._start("run", *options)
        [(run_id, status)] = on_record
        return (
            self._start("show", run_id, *options[:2])
            if status == "finished"
            else self._start("resume", run_id, *options)
        )

    def _on_record(self) -> list[tuple[str, str]]:
        """Id and status of the run, if it is on record; what is stored of it is kept in mind for the judge."""
        # It may have been killed before there were any tables, or after its document was stored.
        with contextlib.suppress(sqlite3.OperationalError), contextlib.closing(sqlite3.connect(self.store)) as records:
            on_record = records.execute("SELECT run_id, status FROM runs").fetchall()
            stored = records.execute("SELECT program, task, split, key FROM evaluations")
            n_logged = self._log.stat().st_size if self._log.exists() else 0
            self._stored_before.append((n_logged, set(stored)))
            return on_record
        return []

    def judge_evaluations(self) -> None:
        """Nothing; enters how many evaluations were run, and how many of them stood in the store before that life."""
        lines = self._log.read_bytes()
        self._report.evaluations += len(list(evaluations_in(lines)))
        lives: list[tuple[int, set[Evaluated]]] = [*self._stored_before, (len(lines), set())]
        for (begins, stored), (ends, _) in itertools.pairwise(lives):
            again = [evaluated for evaluated in evaluations_in(lines[begins:ends]) if evaluated in stored]
            self._report.evaluated_twice += len(again)

    def _finish(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        printed, said = process.communicate(timeout=LONGEST_RUN_SECONDS)
        if self._was_refused(process):
            return self._finish(self._resume())
        if process.returncode != 0:
            raise SystemExit(f"the run ended with {process.returncode}: {said}")
        document: dict[str, Any] = json.loads(printed)
        return document


def depths_below(pid: int, depth: int = 1) -> Iterator[tuple[int, int]]:
    """Yields every process below another, with how far below."""
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (thread / "children").read_text().split()):
                yield child, depth
                yield from depths_below(child, depth + 1)


def descendants_of(pid: int) -> Iterator[int]:
    """Yields every process below another."""
    return (child for child, _ in depths_below(pid))


def still_there(pids: list[int], seconds: float = 3.0) -> list[int]:
    """Those processes that have not ended by then."""
    deadline = time.monotonic() + seconds
    while (left := [pid for pid in pids if Path(f"/proc/{pid}").exists()]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def evaluations_in(lines: bytes) -> Iterator[Evaluated]:
    """Yields the evaluations that were run, from lines of the log; a line may be cut short by a kill."""
    for line in lines.splitlines():
        with contextlib.suppress(ValueError):
            event = json.loads(line)
            if event["event"] == "evaluation started" and event["draw"] not in (CHECK, ANOTHER_CHECK):
                yield event["solution"], event["task"], event["split"], event["draw"]


def differences(whole: dict[str, Any], killed: dict[str, Any]) -> list[str]:
    """The parts of two documents that differ."""
    return [name for name in whole if name not in NOT_COMPARED and whole[name] != killed.get(name)]


def judge(proxy: CountingProxy, killed_at: list[tuple[float, float]], report: Report) -> None:
    """Nothing; tells apart what was asked twice from what was in transit while the engine that asked for it died."""
    for answer in proxy.counts.asked_again:
        # Of the engine that asked, not of the next one: what is sent to a dead one may go out after it has gone.
        its_kill = next((killed for killed, gone in killed_at if answer.asked_at <= gone), math.inf)
        seconds = its_kill - answer.sent_at
        (report.in_transit if seconds <= IN_TRANSIT_SECONDS else report.asked_twice).append(seconds)
    report.requests += proxy.counts.n_requests
    report.samples += proxy.counts.n_samples


def kill_one_run(folder: Path, rng_seed: int, n_kills: int, rng: random.Random, report: Report) -> None:
    """Nothing; one run undisturbed and once more disturbed, entered in the report."""
    server = ModelServer(folder)
    try:
        with CountingProxy(server.url, latency_seconds=LATENCY_SECONDS, rng=rng) as proxy:
            whole = KilledRun(folder, proxy.url, rng_seed, report).undisturbed()
        with CountingProxy(server.url, latency_seconds=LATENCY_SECONDS, rng=rng) as proxy:
            run = KilledRun(folder, proxy.url, rng_seed, report)
            killed = run.disturbed(n_kills, server, rng)
            judge(proxy, run.killed_at, report)
    finally:
        server.kill()
    killed["model"] = whole["model"]  # the port of the proxy
    killed["settings"]["model"] = whole["settings"]["model"]
    report.different += [f"rng-seed {rng_seed}: {name}" for name in differences(whole, killed)]
    run.judge_evaluations()
    report.runs += 1


def main() -> None:
    """Prints the table; exits with 1 if anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--rng-seed", type=int, default=0)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    rng, report = random.Random(options.rng_seed), Report()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        while report.kills.total() < options.kills:
            left = options.kills - report.kills.total()
            kill_one_run(folder, options.rng_seed + report.runs, left, rng, report)
            print(f"{report.kills.total()} kills survived in {report.runs} runs", file=sys.stderr)
    print_report(report)
    if not report.evaluations:
        raise SystemExit("the log has no evaluations, so nothing is known of those that were run twice")
    if report.different or report.asked_twice or report.evaluated_twice or report.orphans:
        sys.exit(1)


def print_report(report: Report) -> None:
    """Nothing; prints the report as a table in Markdown."""
    rows = {
        "runs, each beside an undisturbed one": report.runs,
        **{
            f"kills of a {victim}" if victim != "engine" else "kills of the engine": n
            for victim, n in report.kills.items()
        },
        "resumes": report.resumes,
        "starts refused, with nothing on record, while the model server was away": report.refused,
        "parts of the final documents that differ": len(report.different),
        "requests that the model server got": report.requests,
        "samples that it sent": report.samples,
        "answers asked for twice": len(report.asked_twice),
        f"answers in transit while the engine died ({IN_TRANSIT_SECONDS:g} s), asked for again": len(report.in_transit),
        "evaluations that were run": report.evaluations,
        "of these, stored before and run again": report.evaluated_twice,
        "processes left over": report.orphans,
    }
    print("| | |\n|---|---:|")
    for name, value in rows.items():
        print(f"| {name} | {value:,} |")
    if report.in_transit:
        milliseconds = ", ".join(f"{1000 * seconds:.1f}" for seconds in sorted(report.in_transit))
        print(f"in transit: what was sent so many milliseconds before its engine was killed: {milliseconds}")
    for seconds in report.asked_twice:
        print(f"asked twice: what was sent {seconds:.2f} s before its engine was killed")
    for line in report.different:
        print(f"differs: {line}")


if __name__ == "__main__":
    main()
