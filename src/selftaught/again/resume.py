"""Resume: a run that was killed, interrupted or stopped goes on under its own id, and nothing is paid for twice.

What had ended is taken from the record; what had begun is started again and answered from the record until that is
used up (`past`). In the end its document is that of a run that nobody disturbed, but for times.
"""

from __future__ import annotations

from collections.abc import Sequence

from selftaught.again.carry_out import carry_out
from selftaught.again.recorded import improvers_of, kind_of, settings_of, tasks_of
from selftaught.analysis.series import SeriesGoesOn, Shown, run_series
from selftaught.errors import ConfigError
from selftaught.interrupts import under_way
from selftaught.names import resume_command
from selftaught.progress import Progress
from selftaught.recorded_run import Again, Document, GoesOn
from selftaught.settings import CommonSettings, ResumeSettings, RunSettings
from selftaught.store import RunRecord, Store
from selftaught.task_definition import Task


async def resume(
    record: RunRecord,
    store: Store,
    progress: Progress,
    settings: ResumeSettings,
    *,
    tasks: Sequence[Task] = (),
) -> Document:
    """The document of a run that was taken up again and has now ended.

    Args:
        record: The run.
        store: Where it is.
        progress: What a person is shown of it.
        settings: What is told to it now.
        tasks: Its tasks, where they are not found where they were.

    Raises:
        ConfigError: It cannot be taken up again.
        SelfTaughtError: It failed again; what it has done is recorded, as before.
    """
    asked_for = _settings(record, settings)
    found = tasks_of(record, tasks)
    again = Again(record=record, improvers=improvers_of(record, store), how=GoesOn(takes_over=settings.take_over))
    with under_way(record.run_id, resume_command(record.run_id, store)):  # also while its model is waited for
        return await carry_out(found, asked_for, store, progress, again)


async def resume_series(
    record: RunRecord,
    store: Store,
    shown: Shown,
    settings: ResumeSettings,
    *,
    tasks: Sequence[Task] = (),
) -> Document:
    """The document of a series that was taken up again: runs of it that are finished stay as they are.

    Args:
        record: The series.
        store: Where it is.
        shown: Shows the progress of a run.
        settings: What is told to it now; what may be spent is for all of its runs together.
        tasks: Its tasks, where they are not found where they were.

    Raises:
        ConfigError: It cannot be taken up again.
        SelfTaughtError: No further run could be done.
    """
    asked_for = _settings(record, settings)
    assert isinstance(asked_for, RunSettings), "a series has the settings of its first run"
    found = tasks_of(record, tasks)
    goes_on = SeriesGoesOn(
        record=record,
        improvers=improvers_of(record, store),
        again=lambda member: Again(
            record=member, improvers=improvers_of(member, store), how=GoesOn(takes_over=settings.take_over)
        ),
        takes_over=settings.take_over,
    )
    with under_way(record.run_id, resume_command(record.run_id, store)):
        return await run_series(found, asked_for, _n_runs(record), store, shown, goes_on=goes_on)


def _settings(record: RunRecord, settings: ResumeSettings) -> CommonSettings:
    """The settings with which a run goes on: isolated as it was, or not at all."""
    kind_of(record, is_series_allowed=True)
    if record.status == "finished":
        raise ConfigError(
            f"{record.run_id} is finished, there is nothing to go on with: `selftaught show {record.run_id}` shows it"
        )
    was_unsafe = record.isolation == "unsandboxed"
    if was_unsafe and not settings.unsafe_no_isolation:
        raise ConfigError(
            f"the programs of {record.run_id} ran without isolation, and would again: "
            "pass --unsafe-no-isolation once more, or start the same run anew with its --rng-seed"
        )
    if settings.unsafe_no_isolation and not was_unsafe:
        raise ConfigError(
            f"the programs of {record.run_id} ran isolated, and go on so: leave out --unsafe-no-isolation"
        )
    isolation = "auto" if was_unsafe else record.isolation
    return settings_of(record, **settings.given(), isolation=isolation)


def _n_runs(record: RunRecord) -> int:
    n_runs = record.config.get("runs")
    if type(n_runs) is not int or n_runs < 1:
        raise ConfigError(f"it is not on record how many runs {record.run_id} has: use a copy that is whole")
    return n_runs
