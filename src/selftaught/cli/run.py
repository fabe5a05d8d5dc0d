"""`run`, `improve`, `transfer`: the commands that spend something."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from selftaught.analysis.run_document import proposer
from selftaught.analysis.run_estimate import run_estimate
from selftaught.analysis.series import Shown, failure_sentence, run_series
from selftaught.analysis.transfer import run_transfer, seed_of_run
from selftaught.cli.compare import print_comparison
from selftaught.cli.curves import print_series
from selftaught.cli.estimate import print_estimate
from selftaught.cli.live import shown, told_of_waits, work_through
from selftaught.cli.observing import watched
from selftaught.cli.output import (
    check_writable,
    figure,
    interval,
    print_caveats,
    print_json,
    print_violations,
    recalling,
    spent_sentence,
    stderr_console,
    stdout_console,
    untrusted,
    verdict_lines,
    within_screen,
    writing,
)
from selftaught.cli.parameters import Json, LogPath, StorePath, store_location, store_to_read
from selftaught.cli.stores import open_store
from selftaught.errors import ConfigError, SelfTaughtError
from selftaught.experiment import run_stop
from selftaught.improver import find_improver
from selftaught.names import check_names, names_a_run, resolve_improver
from selftaught.progress import Progress
from selftaught.recorded_run import Document
from selftaught.settings import ImproveSettings, RunSettings, TransferSettings
from selftaught.single import improve as improve_once
from selftaught.task_definition import Task, find_task, find_tasks

Flattened = Parameter(name="*")


def run(
    task: str,
    *,
    runs: int = 1,
    estimate: bool = False,
    settings: Annotated[RunSettings | None, Flattened] = None,
    store: StorePath = None,
    log: LogPath = None,
    json: Json = False,
) -> int:
    """Let an improver improve itself on one or more tasks (STOP).

    Args:
        task: A bundled task, a task folder, or several with commas between them.
        runs: Independent runs, one after the other, from the rng seed on, and what they come to together.
        estimate: Say what this will take: calls, samples, tokens, money. Nothing is spent, and nothing recorded.
    """
    tasks = find_tasks(task)
    settings = settings or RunSettings()
    check_names(settings, are_asked=not estimate)
    _check_store_of(settings.improver, store)
    if runs < 1:
        raise ConfigError(f"--runs should be 1 or more, not {runs}")
    if estimate:
        return _estimate(tasks, runs, settings, store, json)
    if runs > 1:
        return _run_several(task, tasks, runs, settings, store, log, json)
    with watched(log), open_store(store_location(store)) as records:
        progress = Progress()
        with shown(progress, stderr_console(), title=task):
            document = work_through(run_stop(tasks, settings, records, progress))
        if json:
            print_json(document)
        else:
            _print_run(document, records.location)
    return 0


def _estimate(tasks: Sequence[Task], n_runs: int, settings: RunSettings, store: str | None, json: bool) -> int:
    if names_a_run(settings.improver):
        with open_store(store_to_read(store), read_only=True) as records:
            improver = resolve_improver(settings.improver, records)
    else:
        improver = find_improver(settings.improver)
    document = asyncio.run(run_estimate(tasks, settings, improver, n_runs=n_runs))
    if json:
        print_json(document)
    else:
        print_estimate(document)
    return 0


def _check_store_of(improver: str, store: str | None) -> None:
    """Nothing, if the store that an improver's name refers to is there; asked before one is made."""
    if names_a_run(improver):
        store_to_read(store)


def _run_several(
    title: str,
    tasks: Sequence[Task],
    n_runs: int,
    settings: RunSettings,
    store: str | None,
    log: str | None,
    json: bool,
) -> int:
    with watched(log), open_store(store_location(store)) as records:
        document = work_through(run_series(tasks, settings, n_runs, records, shown_runs(title, n_runs)))
        return print_document("series", document, records.location, json)


def shown_runs(title: str, n_runs: int, command: str = "run") -> Shown:
    """Shows the progress of each run of a series, under what stands above them all."""

    @contextlib.contextmanager
    def shown_run(place: int, rng_seed: int) -> Iterator[Progress]:
        progress = Progress()
        which = f"run {place + 1} of {n_runs}, rng-seed {rng_seed}"
        with shown(progress, stderr_console(), title=f"{title}: {which}", command=command):
            progress.on_step(which)
            yield progress

    return shown_run


def print_document(kind: str, document: Document, location: str, json: bool) -> int:
    """The exit code, after the document of a run of that kind was printed, as by the command that makes such runs.

    Raises:
        SelfTaughtError: It is a series, and some of its runs failed.
    """
    if json:
        print_json(document)
    else:
        match kind:
            case "series":
                print_series(document, location)
            case "improve":
                print_improvement(document, None, location)
            case "transfer":
                print_transfer(document)
            case "compare":
                print_comparison(document)
            case _:
                _print_run(document, location)
    if kind == "series" and document["failures"]:
        raise SelfTaughtError(failure_sentence(document))
    return 1 if kind == "improve" and document["outcome"] != "ok" else 0


def _print_run(document: Document, location: str) -> None:
    console = stdout_console()
    console.print(f"\nTest meta-utility per round, {document['task']}, with 95 % intervals:")
    for made in document["rounds"]:
        state = "seed improver" if made["round"] == 0 else "accepted" if made["accepted"] else "kept the one before"
        console.print(f"  round {made['round']}  {interval(made['test'])}  {state}")
    n = document["gain"]["n"]
    console.print(f"\nOn {n} fresh repeats, at the same budget for each improvement:")
    for label, key in (
        ("seed improver", "seed_improver"),
        ("best-of-n", "best_of_n"),
        ("improved improver", "improver"),
    ):
        failed = document[key]["failed"]
        note = f"  ({failed} of {n} improvements failed)" if failed else ""
        console.print(f"  {label:18} {interval(document[key]['test'])}{note}")
    console.print(untrusted(f"\n{verdict_lines(document['verdict'])}\n", style="bold"))
    console.print(f"The improver ({document['improver']['sha256'][:12]}):\n")
    console.print(untrusted(document["improver"]["source"]), soft_wrap=True)
    _print_notes(document, location)


def _print_notes(document: Document, location: str) -> None:
    console = stdout_console()
    used, spent = document["budget"], spent_sentence(document)
    console.print(
        f"\nUsed: {used['calls']:,} model calls, {used['responses']:,} responses, {f'{spent}, ' if spent else ''}"
        f"{used['utility_calls']:,} uses of utilities, {document['evaluations']:,} evaluations, "
        f"{used['seconds']:.0f} s; isolation: {document['isolation']}; rng-seed {document['rng_seed']}."
    )
    if document.get("inner_model") is not None:
        console.print(untrusted(f"Models: {proposer(document)}, for the improvements of solutions."))
    print_violations(document["violations"], f"selftaught audit {document['run_id']}")
    show = recalling(f"selftaught show {document['run_id']}", location)
    console.print(f"Stored in {location} as {document['run_id']}: {show}")
    print_caveats(document)


def improve(
    task: str,
    *,
    settings: Annotated[ImproveSettings | None, Flattened] = None,
    output: Path | None = None,
    overwrite: bool = False,
    store: StorePath = None,
    log: LogPath = None,
    json: Json = False,
) -> int:
    """Apply one improver to one task; writes the better solution.

    Args:
        task: A bundled task or a task folder.
        output: Where to write the solution; by default improved_TASK.py in this folder, nowhere with --json.
        overwrite: Write even if the file exists.
    """
    found = find_task(task)
    path = output or (None if json else Path(f"improved_{found.name}.py"))
    if path is not None and path.exists() and not overwrite:
        raise ConfigError(f"{path} exists already; name another file with --output, or pass --overwrite")
    if path is not None:
        check_writable(path)
    settings = settings or ImproveSettings()
    check_names(settings)
    _check_store_of(settings.improver, store)
    with watched(log), open_store(store_location(store)) as records:
        document = work_through(improve_once(found, settings, records, told_of_waits(stderr_console())))
        if path is not None and document["outcome"] == "ok":
            with writing(path):
                path.write_text(document["source"], encoding="utf-8")
        if json:
            print_json(document)
        else:
            print_improvement(document, path, records.location)
    return 0 if document["outcome"] == "ok" else 1


def print_improvement(document: Document, path: Path | None, location: str) -> None:
    """Nothing; prints what an improvement came to, and where the solution was written, if it was."""
    console = stdout_console()
    if document["outcome"] != "ok":
        console.print(untrusted(f"No better solution: {document['outcome']}: {document['message']}"))
    else:
        before, after = figure(document["value_before"]), figure(document["value_after"])
        console.print(f"{document['task']}: {before} before, {after} after, on the test split.\n")
        console.print(untrusted(document["source"]), soft_wrap=True)
        if path is not None:
            console.print(f"\nWritten to {path}.")
    _print_notes(document, location)


def transfer(
    improver: str,
    *,
    tasks: str,
    settings: Annotated[TransferSettings | None, Flattened] = None,
    store: StorePath = None,
    log: LogPath = None,
    json: Json = False,
) -> int:
    """Measure an improver on tasks it never saw (the paper's Table 1).

    Args:
        improver: A bundled improver, a file, a run (its last round) or `RUN:round`.
        tasks: Bundled tasks or task folders, with commas between them.
    """
    settings, found = settings or TransferSettings(), find_tasks(tasks)
    check_names(settings)
    _check_store_of(improver, store)
    with watched(log), open_store(store_location(store)) as records:
        source = resolve_improver(improver, records)
        seed = seed_of_run(improver, records)
        progress = told_of_waits(stderr_console())
        document = work_through(run_transfer(source, found, settings, records, progress, seed=seed))
    if json:
        print_json(document)
    else:
        print_transfer(document)
    return 0


TABLE_1 = {
    "seed solution, u(s)": "initial",
    "seed improver, u(I_0(s))": "seed_improver",
    "best-of-n": "best_of_n",
    "improver, u(I_T(s))": "improver",
}
"""The rows of a transfer, with the paper's names where it has some."""
VERDICTS = {"the seed improver": "verdict", "best-of-n": "verdict_over_best_of_n"}


def print_transfer(document: dict[str, Any]) -> None:
    """Nothing; prints a transfer, task by task."""
    console = stdout_console()
    for row in document["tasks"]:
        n = row["improver"]["n"]
        console.print(f"\n{row['task']}, on {n} fresh repeat{'' if n == 1 else 's'}:")
        for label, key in TABLE_1.items():
            failed = row[key].get("failed", 0)
            note = f"  ({failed} of {row[key]['n']} improvements failed)" if failed else ""
            console.print(f"  {label:24} {interval(row[key])}{note}")
        for label, key in VERDICTS.items():
            if key in row:  # a transfer that was recorded earlier may have less
                console.print(within_screen(f"against {label}: {row[key]}", indent="  "))
    console.print()
    used, spent = document["budget"], spent_sentence(document)
    console.print(
        within_screen(
            f"Used: {used['calls']:,} model calls, {used['responses']:,} responses, {f'{spent}, ' if spent else ''}"
            f"{used['utility_calls']:,} uses of utilities, {document['evaluations']:,} evaluations, "
            f"{used['seconds']:.0f} s."
        )
    )
    print_violations(document["violations"], f"selftaught audit {document['run_id']}")
    console.print(
        f"Isolation: {document['isolation']}. rng-seed {document['rng_seed']}. Stored as {document['run_id']}."
    )
    print_caveats(document)
