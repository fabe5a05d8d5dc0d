"""`resume` and `replay`: runs on record, done again."""

from __future__ import annotations

import json as json_format
from typing import Annotated, Any

from cyclopts import Parameter

from selftaught.again.replay import replay as replay_run
from selftaught.again.resume import resume as resume_run
from selftaught.again.resume import resume_series
from selftaught.cli.live import shown, work_through
from selftaught.cli.observing import watched
from selftaught.cli.output import print_caveats, print_json, recalling, stderr_console, stdout_console, untrusted
from selftaught.cli.parameters import Json, LogPath, StorePath, store_to_read
from selftaught.cli.run import print_document, shown_runs
from selftaught.cli.stores import open_store
from selftaught.progress import Progress
from selftaught.settings import ReplaySettings, ResumeSettings
from selftaught.source import one_line
from selftaught.task_definition import find_tasks

FEW = 5
"""Differences of each kind that are shown; --json has more."""


def resume(
    run: str,
    *,
    tasks: str | None = None,
    settings: Annotated[ResumeSettings | None, Parameter(name="*")] = None,
    store: StorePath = None,
    log: LogPath = None,
    json: Json = False,
) -> int:
    """Go on with a run that was killed, interrupted or stopped; nothing is asked or evaluated that was before.

    It keeps its id, and ends as if nobody had disturbed it.

    Args:
        run: The run's id, or its beginning: what run, improve, transfer or compare recorded; or a series.
        tasks: Where its task folders are now, with commas between them, if they were moved.
    """
    settings = settings or ResumeSettings()
    moved = find_tasks(tasks) if tasks is not None else []
    with watched(log), open_store(store_to_read(store)) as records:
        record = records.run(run)
        kind = str(record.config.get("kind"))
        if kind == "series":
            shown_each = shown_runs(record.run_id, record.config.get("runs", 0), command="resume")
            document = work_through(resume_series(record, records, shown_each, settings, tasks=moved))
        else:
            progress = Progress()
            with shown(progress, stderr_console(), title=record.run_id, command="resume"):
                document = work_through(resume_run(record, records, progress, settings, tasks=moved))
        return print_document(kind, document, records.location, json)


def replay(
    run: str,
    *,
    tasks: str | None = None,
    settings: Annotated[ReplaySettings | None, Parameter(name="*")] = None,
    store: StorePath = None,
    log: LogPath = None,
    json: Json = False,
) -> int:
    """Do a finished run again without its model, measure everything anew, and say whether the same came of it.

    The model's answers are those on record. Exits with 1 where a program or a score differs.

    Args:
        run: The run's id, or its beginning: what run, improve, transfer or compare recorded.
        tasks: Where its task folders are now, with commas between them, if they were moved.
    """
    moved = find_tasks(tasks) if tasks is not None else []
    with watched(log), open_store(store_to_read(store)) as records:
        record = records.run(run)
        progress = Progress()
        with shown(progress, stderr_console(), title=record.run_id, command="replay"):
            document = work_through(replay_run(record, records, progress, settings or ReplaySettings(), tasks=moved))
        if json:
            print_json(document)
        else:
            print_replay(document, records.location)
    return 0 if document["same"] else 1


def print_replay(document: dict[str, Any], location: str) -> None:
    """Nothing; prints whether a replay came to the same, and where it did not."""
    console = stdout_console()
    console.print(untrusted(f"{document['of']} again, without its model, everything measured anew:"))
    for kind, n_compared in document["compared"].items():
        console.print(untrusted(f"  {kind:14}{n_compared:8,} compared, {document['different'][kind]:,} differ"))
    if document["same"]:
        console.print("\nThe same came of it: every program and every score.\n", style="bold")
    else:
        _print_differences(document)
    show = recalling(f"selftaught show {document['run_id']}", location)
    console.print(f"Stored in {location} as {document['run_id']}: {show}")
    print_caveats(document)


def _print_differences(document: dict[str, Any]) -> None:
    console = stdout_console()
    console.print("\nIt did not come to the same.", style="bold")
    if document["ended"]:
        console.print(untrusted(f"It ended early: {document['ended']}"))
    for kind, found in document["differences"].items():
        for difference in found[:FEW]:
            line = f"  {difference['what']}: {_short(difference['then'])} then, {_short(difference['now'])} now"
            console.print(untrusted(one_line(line)), soft_wrap=True)
        n_more = document["different"][kind] - len(found[:FEW])
        if n_more > 0:
            console.print(untrusted(f"  and {n_more:,} more {kind}; --json lists more of them"))
    for reason in document["reasons"]:
        console.print(untrusted(one_line(reason)), soft_wrap=True)
    console.print()


def _short(value: Any) -> str:
    """What something was or is, in few characters."""
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else json_format.dumps(value)
    return text if len(text) <= 100 else f"{text[:97]}..."
