"""Transfer: what an improver is worth on tasks it never saw, without more optimisation (the paper's Table 1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from selftaught.engine import Engine
from selftaught.experiment import (
    Document,
    checked_meta_utility,
    finding,
    names_a_run,
    opened_run,
    resolve_improver,
    spent_document,
)
from selftaught.improver import bundled_improver
from selftaught.progress import Progress
from selftaught.settings import TransferSettings
from selftaught.source import sha256_of
from selftaught.statistics import estimate, paired_difference
from selftaught.store import Store
from selftaught.task_definition import Task


async def run_transfer(
    source: str, tasks: Sequence[Task], settings: TransferSettings, store: Store, *, seed: str | None = None
) -> Document:
    """The document of a transfer of an improver: for each task u(s), u(I_0(s)) and u(I_T(s)) on the same fresh draws.

    Args:
        source: I_T, the improver.
        tasks: What it should improve.
        settings: Budgets and repeats.
        store: Where it is recorded.
        seed: I_0, what the improver began as; the bundled seed improver if not given.
    """
    improvers = {
        "seed_improver": seed or bundled_improver("seed"),
        "best_of_n": bundled_improver("best_of_n"),
        "improver": source,
    }
    progress = Progress()
    async with opened_run("transfer", tasks, settings, store, progress) as run:
        model = run.engine.model.info
        run.document = {
            "run_id": run.run_id,
            "model": model.name,
            "is_language_model": model.is_language_model,
            "isolation": run.engine.sandbox.mode,
            "rng_seed": settings.rng_seed,
            "improver": {"sha256": sha256_of(source), "source": source},
            "tasks": [await _transfer_row(run.engine, task, improvers, settings) for task in tasks],
            **spent_document(run.engine, progress),
        }
    return run.document


def seed_of_run(name: str, store: Store) -> str | None:
    """The source of the improver that a run began with, for a run or `RUN:round`; None for other names."""
    return resolve_improver(f"{name.partition(':')[0]}:0", store) if names_a_run(name) else None


async def _transfer_row(engine: Engine, task: Task, improvers: dict[str, str], settings: TransferSettings) -> Document:
    fresh = await checked_meta_utility(
        engine, [task], settings, n_repeats=settings.fresh_repeats, split="fresh", purpose="transfer"
    )
    measured = {name: await fresh.evaluate(source) for name, source in improvers.items()}
    improved = measured["improver"]
    gain = paired_difference(improved.values, measured["seed_improver"].values)
    return {
        "task": task.name,
        "opaque": task.is_opaque,
        "initial": asdict(estimate(improved.initial_values)),
        **{
            name: {**asdict(estimate(evaluation.values)), "failed": evaluation.n_failed}
            for name, evaluation in measured.items()
        },
        "gain": asdict(gain),
        "gain_over_best_of_n": asdict(paired_difference(improved.values, measured["best_of_n"].values)),
        "verdict": finding(gain),
    }
