"""A series: independent runs of the same settings, one after the other, each recorded as a run of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from selftaught.analysis.curves import series_document
from selftaught.errors import ConfigError, RunBudgetExceeded, SandboxError, SelfTaughtError, StoreError
from selftaught.experiment import (
    Document,
    SeriesUnderWay,
    model_names,
    opened_sandbox,
    recorded_run,
    resolve_improver,
    run_budget,
    run_stop,
)
from selftaught.ledger import Ledger
from selftaught.models import find_model
from selftaught.progress import Progress
from selftaught.settings import RunSettings
from selftaught.store import Store
from selftaught.task_definition import Task

Shown = Callable[[int, int], AbstractContextManager[Progress]]
"""Shows the progress of one run of a series, from its place in the series and its rng seed."""

ENDS_A_SERIES = (ConfigError, RunBudgetExceeded, SandboxError, StoreError)
"""Where these are raised, the next run would fail in the same way. What may be spent is for all runs together."""


async def run_series(tasks: Sequence[Task], settings: RunSettings, n_runs: int, store: Store, shown: Shown) -> Document:
    """The document of a series: `n_runs` runs, the k-th from the rng seed of the settings plus k, and their aggregate.

    A run that fails is told in the document, and the others go on. If the series is interrupted, what has been
    finished of it is recorded.

    Args:
        tasks: What the meta-utility averages over.
        settings: Those of the first run; of the others all but the rng seed. What may be spent is for all of them.
        n_runs: How many.
        store: Where the series and its runs are recorded.
        shown: Shows the progress of a run.

    Raises:
        SelfTaughtError: No further run could be done either.
    """
    for name in model_names(settings):
        find_model(name)
    resolve_improver(settings.improver, store)
    async with opened_sandbox(settings) as sandbox:
        config: Document = {
            "kind": "series",
            "runs": n_runs,
            "tasks": [task.name for task in tasks],
            **settings.model_dump(),
            "records_refusals": sandbox.records_refusals,
        }
        so_far: Document = {}
        async with recorded_run(store, config, tasks, sandbox.mode, so_far=so_far) as run_id:
            series = SeriesUnderWay(run_id=run_id, sandbox=sandbox, ledger=Ledger(run_budget(settings)))
            so_far |= series_document(store.run(run_id), store)
            for place in range(n_runs):
                await _run_one(tasks, settings, place, store, shown, series)
                so_far |= series_document(store.run(run_id), store)
            message = failure_sentence(so_far) if so_far["failures"] else ""
            store.finish_run(run_id, status="failed" if message else "finished", message=message, result=so_far)
            await store.committed()
    return so_far


async def _run_one(
    tasks: Sequence[Task], settings: RunSettings, place: int, store: Store, shown: Shown, series: SeriesUnderWay
) -> None:
    rng_seed = settings.rng_seed + place
    with shown(place, rng_seed) as progress:
        try:
            own = settings.model_copy(update={"rng_seed": rng_seed})
            await run_stop(tasks, own, store, progress, series=series)
        except ENDS_A_SERIES:
            raise
        except SelfTaughtError as error:
            progress.on_step(f"this run failed: {error}")


def failure_sentence(document: Document) -> str:
    """How many runs of a series failed, and why the first did."""
    failures = document["failures"]
    n_failed, n_asked = len(failures), document["runs_asked"]
    return f"{n_failed} of {n_asked} runs failed, the first with: {failures[0]['message']}"
