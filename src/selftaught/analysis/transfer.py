"""Transfer: what an improver is worth on tasks it never saw, without more optimisation (the paper's Table 1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from selftaught.engine import Engine
from selftaught.errors import ConfigError
from selftaught.experiment import Document, finding, opened_sandbox, recorded_run, resolve_improver, violations_document
from selftaught.improver import bundled_improver
from selftaught.meta_utility import MetaUtility
from selftaught.models import find_model
from selftaught.recorder import StoreRecorder
from selftaught.settings import RunSettings
from selftaught.source import sha256_of
from selftaught.statistics import estimate, paired_difference
from selftaught.store import Store
from selftaught.task_check import check_task
from selftaught.task_definition import Task


async def run_transfer(source: str, tasks: Sequence[Task], settings: RunSettings, store: Store) -> Document:
    """The document of a transfer of an improver, given as source: for each task u(s), u(I_0(s)), u(I_T(s))."""
    make_model = find_model(settings.model)
    config = {"kind": "transfer", "tasks": [task.name for task in tasks], **settings.model_dump(exclude={"improver"})}
    async with opened_sandbox(settings) as sandbox, recorded_run(store, config, tasks, sandbox.mode) as run_id:
        engine = Engine(
            sandbox=sandbox,
            model=make_model(sandbox, settings.rng_seed),
            rng_seed=settings.rng_seed,
            recorder=StoreRecorder(store, run_id, settings.model),
        )
        async with engine:
            rows = [await _transfer_row(engine, task, source, settings) for task in tasks]
        document: Document = {
            "run_id": run_id,
            "model": engine.model.info.name,
            "is_language_model": engine.model.info.is_language_model,
            "isolation": sandbox.mode,
            "rng_seed": settings.rng_seed,
            "improver": {"sha256": sha256_of(source), "source": source},
            "tasks": rows,
            "violations": violations_document(engine.violations),
        }
        store.finish_run(run_id, status="finished", result=document)
        await store.committed()
    return document


def improver_of_run(name: str, store: Store) -> str:
    """The source of an improver named by a run (its last round), or in any way that `resolve_improver` takes."""
    if name.startswith("r-") and ":" not in name:
        record = store.run(name)
        if not record.rounds:
            raise ConfigError(f"run {record.run_id} has no round, so no improver; selftaught runs lists what there is")
        return resolve_improver(f"{record.run_id}:{record.rounds - 1}", store)
    return resolve_improver(name, store)


async def _transfer_row(engine: Engine, task: Task, improver: str, settings: RunSettings) -> Document:
    utilities = await engine.utilities([task])
    await check_task(utilities[0], engine.sandbox, settings.rng_seed)
    fresh = MetaUtility(
        engine=engine,
        utilities=utilities,
        budget=settings.budget(engine.model.improvement_budget),
        n_repeats=settings.fresh_repeats,
        split="fresh",
        purpose="transfer",
    )
    seed = await fresh.evaluate(bundled_improver("seed"))
    best_of_n = await fresh.evaluate(bundled_improver("best_of_n"))
    improved = await fresh.evaluate(improver)
    gain = paired_difference(improved.values, seed.values)
    return {
        "task": task.name,
        "opaque": task.is_opaque,
        "initial": asdict(estimate(improved.initial_values)),
        "seed_improver": {**asdict(estimate(seed.values)), "failed": seed.n_failed},
        "best_of_n": {**asdict(estimate(best_of_n.values)), "failed": best_of_n.n_failed},
        "improver": {**asdict(estimate(improved.values)), "failed": improved.n_failed},
        "gain": asdict(gain),
        "gain_over_best_of_n": asdict(paired_difference(improved.values, best_of_n.values)),
        "verdict": finding(gain),
    }
