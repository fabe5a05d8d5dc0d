"""The run that a record is of, carried out: the same kind, tasks, settings and improvers."""

from __future__ import annotations

from collections.abc import Sequence

from selftaught.analysis.compare import run_compare
from selftaught.analysis.transfer import run_transfer
from selftaught.experiment import run_stop
from selftaught.progress import Progress
from selftaught.recorded_run import Again, Document
from selftaught.settings import CommonSettings, CompareSettings, ImproveSettings, RunSettings, TransferSettings
from selftaught.single import improve
from selftaught.store import Store
from selftaught.task_definition import Task


async def carry_out(
    tasks: Sequence[Task], settings: CommonSettings, store: Store, progress: Progress, again: Again
) -> Document:
    """The document of the run; its kind is that of its settings.

    Args:
        tasks: What it is about.
        settings: What was asked for.
        store: Where it is recorded.
        progress: What a person is shown of it.
        again: What is on record of it.
    """
    match settings:
        case RunSettings():
            return await run_stop(tasks, settings, store, progress, again=again)
        case ImproveSettings():
            [task] = tasks
            return await improve(task, settings, store, progress, again=again)
        case CompareSettings():
            return await run_compare(again.improvers, tasks, settings, store, progress, again=again)
        case TransferSettings():
            source = again.improvers["improver"]
            return await run_transfer(source, tasks, settings, store, progress, again=again)
        case _:
            raise TypeError(f"no run has settings of the kind {type(settings).__name__}")
