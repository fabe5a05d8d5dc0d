"""Transfer: what an improver is worth on tasks it never saw, without more optimisation (the paper's Table 1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from selftaught.engine import Engine
from selftaught.experiment import checked_meta_utility, finding
from selftaught.improver import bundled_improver
from selftaught.meta_utility import MetaEvaluation
from selftaught.names import names_a_run, resolve_improver
from selftaught.progress import Progress
from selftaught.recorded_run import Again, Document, opened_run, spent_document
from selftaught.settings import TransferSettings
from selftaught.source import sha256_of
from selftaught.statistics import PairedDifference, estimate, holm, paired_difference
from selftaught.store import Store
from selftaught.task_definition import Task

Measured = dict[str, MetaEvaluation]
"""What was measured on one task, by improver."""


async def run_transfer(
    source: str,
    tasks: Sequence[Task],
    settings: TransferSettings,
    store: Store,
    progress: Progress | None = None,
    *,
    seed: str | None = None,
    again: Again | None = None,
) -> Document:
    """The document of a transfer of an improver: for each task u(s), u(I_0(s)) and u(I_T(s)) on the same fresh draws.

    What is said of several tasks, against either of the other two, is corrected for their number by Holm's method.

    Args:
        source: I_T, the improver.
        tasks: What it should improve.
        settings: Budgets and repeats.
        store: Where it is recorded.
        progress: What a person is shown of it.
        seed: I_0, what the improver began as; the bundled seed improver if not given.
        again: The transfer on record that this does once more.
    """
    fresh_improvers = {
        "seed_improver": seed or bundled_improver("seed"),
        "best_of_n": bundled_improver("best_of_n"),
        "improver": source,
    }
    improvers = again.improvers if again else fresh_improvers
    progress = progress or Progress()
    async with opened_run("transfer", tasks, settings, store, progress, improvers=improvers, again=again) as run:
        measured = [await _measured(run.engine, task, improvers, settings) for task in tasks]
        model = run.engine.model.info
        run.document = {
            "run_id": run.run_id,
            "model": model.name,
            "is_language_model": model.is_language_model,
            "notice": model.notice,
            "isolation": run.engine.sandbox.mode,
            "rng_seed": settings.rng_seed,
            "improver": {"sha256": sha256_of(source), "source": source},
            "tasks": _rows(tasks, measured),
            **spent_document(run.engine, progress),
        }
    return run.document


def seed_of_run(name: str, store: Store) -> str | None:
    """The source of the improver that a run began with, for a run or `RUN:round`; None for other names."""
    return resolve_improver(f"{name.partition(':')[0]}:0", store) if names_a_run(name) else None


async def _measured(engine: Engine, task: Task, improvers: Mapping[str, str], settings: TransferSettings) -> Measured:
    fresh = await checked_meta_utility(
        engine, [task], settings, n_repeats=settings.fresh_repeats, split="fresh", purpose="transfer"
    )
    return {name: await fresh.evaluate(source) for name, source in improvers.items()}


def _rows(tasks: Sequence[Task], measured: Sequence[Measured]) -> list[Document]:
    over_seed, over_best_of_n = (_gains_over(other, measured) for other in ("seed_improver", "best_of_n"))
    return [
        {
            "task": task.name,
            "opaque": task.is_opaque,
            "initial": asdict(estimate(of_task["improver"].initial_values)),
            **{
                name: {**asdict(estimate(evaluation.values)), "failed": evaluation.n_failed}
                for name, evaluation in of_task.items()
            },
            "gain": gain,
            "gain_over_best_of_n": other_gain,
            "verdict": verdict,
            "verdict_over_best_of_n": other_verdict,
        }
        for task, of_task, (gain, verdict), (other_gain, other_verdict) in zip(
            tasks, measured, over_seed, over_best_of_n, strict=True
        )
    ]


def _gains_over(other: str, measured: Sequence[Measured]) -> list[tuple[Document, str]]:
    """How much higher the improver is than another on each task, and what that says, corrected for the tasks."""
    gains: list[PairedDifference] = [
        paired_difference(of_task["improver"].values, of_task[other].values) for of_task in measured
    ]
    corrected = holm([gain.p_value for gain in gains])
    return [
        ({**asdict(gain), "p_corrected": p_corrected}, finding(gain, p_corrected=p_corrected, n_tasks=len(gains)))
        for gain, p_corrected in zip(gains, corrected, strict=True)
    ]
