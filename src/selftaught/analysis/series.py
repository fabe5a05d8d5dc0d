"""A series: independent runs of the same settings, one after the other, each recorded as a run of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from selftaught.analysis.curves import members_of, series_document
from selftaught.errors import (
    ConfigError,
    LanguageModelUnavailable,
    RunBudgetExceeded,
    SandboxError,
    SelfTaughtError,
    StoreError,
)
from selftaught.experiment import improvers_of_run, run_stop
from selftaught.ledger import Ledger
from selftaught.models import find_model
from selftaught.names import model_names, resume_command
from selftaught.progress import Progress
from selftaught.recorded_run import (
    Again,
    Document,
    GoesOn,
    SeriesUnderWay,
    about_tasks,
    opened_sandbox,
    programs,
    recorded_run,
    run_budget,
    spending_on_record,
)
from selftaught.settings import RunSettings
from selftaught.store import RunRecord, Store
from selftaught.task_definition import Task

Shown = Callable[[int, int], AbstractContextManager[Progress]]
"""Shows the progress of one run of a series, from its place in the series and its rng seed."""

ENDS_A_SERIES = (ConfigError, LanguageModelUnavailable, RunBudgetExceeded, SandboxError, StoreError)
"""Where these are raised, the next run would fail in the same way: what may be spent is for all runs together, and a
provider has been waited for."""


@dataclass(frozen=True, kw_only=True)
class SeriesGoesOn:
    """A series on record that is taken up where it ended.

    Attributes:
        record: What is on record of it.
        improvers: The sources of the improvers that its runs were given.
        again: How one of its runs is taken up.
        takes_over: Whether also if its process cannot be seen from here.
    """

    record: RunRecord
    improvers: Mapping[str, str]
    again: Callable[[RunRecord], Again]
    takes_over: bool = False


async def run_series(
    tasks: Sequence[Task],
    settings: RunSettings,
    n_runs: int,
    store: Store,
    shown: Shown,
    *,
    goes_on: SeriesGoesOn | None = None,
) -> Document:
    """The document of a series: `n_runs` runs, the k-th from the rng seed of the settings plus k, and their aggregate.

    A run that fails is told in the document, and the others go on. If the series is interrupted, what has been
    finished of it is recorded.

    Args:
        tasks: What the meta-utility averages over.
        settings: Those of the first run; of the others all but the rng seed. What may be spent is for all of them.
        n_runs: How many.
        store: Where the series and its runs are recorded.
        shown: Shows the progress of a run.
        goes_on: The series on record that is taken up: runs of it that are finished are not done again.

    Raises:
        SelfTaughtError: No further run could be done either.
    """
    for name in model_names(settings):
        find_model(name)
    improvers = goes_on.improvers if goes_on else improvers_of_run(settings.improver, store)
    async with opened_sandbox(settings) as sandbox:
        config: Document = {
            "kind": "series",
            "runs": n_runs,
            **about_tasks(tasks),
            **settings.model_dump(),
            "improvers": programs(improvers, store),
            "records_refusals": sandbox.records_refusals,
        }
        so_far: Document = {}
        how = GoesOn(takes_over=goes_on.takes_over) if goes_on else None
        run_id = goes_on.record.run_id if goes_on else None
        recorded = recorded_run(store, config, tasks, sandbox.mode, run_id=run_id, goes_on=how, so_far=so_far)
        async with recorded as run_id:
            members = members_of(store.run(run_id), store)
            ledger = _ledger(settings, run_id, members, store)
            series = SeriesUnderWay(run_id=run_id, sandbox=sandbox, ledger=ledger)
            so_far |= series_document(store.run(run_id), store)
            for place in range(n_runs):
                series = replace(series, has_begun=place > 0)
                await _run_one(tasks, settings, place, store, shown, series, improvers, goes_on)
                so_far |= series_document(store.run(run_id), store)
            message = failure_sentence(so_far) if so_far["failures"] else ""
            store.finish_run(run_id, status="failed" if message else "finished", message=message, result=so_far)
            await store.committed()
    return so_far


def _ledger(settings: RunSettings, run_id: str, members: Sequence[RunRecord], store: Store) -> Ledger:
    """What the runs of a series may spend together: what those on record have spent is spent."""
    seconds = sum(store.seconds_worked(member.run_id) for member in members)
    ledger = Ledger(
        run_budget(settings),
        seconds_used=seconds,
        resume=resume_command(run_id, store),
        shortage=lambda: store.shortage,
    )
    for member in members:
        ledger.recall(*spending_on_record(store, member.run_id))
    return ledger


async def _run_one(
    tasks: Sequence[Task],
    settings: RunSettings,
    place: int,
    store: Store,
    shown: Shown,
    series: SeriesUnderWay,
    improvers: Mapping[str, str],
    goes_on: SeriesGoesOn | None,
) -> None:
    own = settings.model_copy(update={"rng_seed": settings.rng_seed + place})
    on_record = _member(store, series.run_id, own.rng_seed) if goes_on else None
    if on_record is not None and on_record.status == "finished":
        return
    again = goes_on.again(on_record) if goes_on and on_record is not None else None
    with shown(place, own.rng_seed) as progress:
        try:
            await run_stop(tasks, own, store, progress, improvers=improvers, series=series, again=again)
        except ENDS_A_SERIES:
            raise
        except SelfTaughtError as error:
            progress.on_step(f"this run failed: {error}")


def _member(store: Store, run_id: str, rng_seed: int) -> RunRecord | None:
    """The run of a series from an rng seed; None if it has not begun."""
    members = members_of(store.run(run_id), store)
    return next((member for member in members if member.config["rng_seed"] == rng_seed), None)


def failure_sentence(document: Document) -> str:
    """How many runs of a series failed, and why the first did."""
    failures = document["failures"]
    n_failed, n_asked = len(failures), document["runs_asked"]
    return f"{n_failed} of {n_asked} runs failed, the first with: {failures[0]['message']}"
