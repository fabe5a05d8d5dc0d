"""One evaluation or one improvement, outside of any recursion: what `evaluate` and `improve` do."""

from __future__ import annotations

from typing import get_args

from selftaught.engine import Assignment, Engine
from selftaught.errors import ConfigError
from selftaught.improver import Improvement
from selftaught.meta_utility import UtilityOnDraw
from selftaught.names import resolve_improver
from selftaught.progress import Progress
from selftaught.recorded_run import Again, Document, opened_run, opened_sandbox, spent_document
from selftaught.settings import CommonSettings, ImproveSettings
from selftaught.source import nearest
from selftaught.statistics import estimate
from selftaught.store import Store
from selftaught.task_check import check_task
from selftaught.task_definition import Split, Task
from selftaught.utility import Draw, Evaluation, Utility, open_utility
from selftaught.violations import ViolationLog, violations_document


async def evaluate(task: Task, solution: str, split: Split, settings: CommonSettings) -> Document:
    """The document of one evaluation of a solution on a draw of a split.

    Raises:
        ConfigError: There is no such split.
        SelfTaughtError: The task or the isolation failed.
    """
    if split not in get_args(Split):
        raise ConfigError(f"there is no split {split!r}{nearest(split, list(get_args(Split)))}")
    tried = ViolationLog()
    async with (
        opened_sandbox(settings) as sandbox,
        open_utility(task, sandbox, task_observer=lambda _, violations: tried.extend(violations)) as utility,
    ):
        await check_task(utility, sandbox, settings.rng_seed)
        evaluation = await utility.evaluate(solution, Draw(split=split, key="evaluate", rng_seed=settings.rng_seed))
        return {
            "task": task.name,
            "split": split,
            **_interval(evaluation),
            "outcome": str(evaluation.outcome),
            "message": evaluation.message,
            "n": task.n_instances(split),
            "scores": list(evaluation.scores),
            "printed": evaluation.printed,
            "cpu_seconds": evaluation.cpu_seconds,
            "isolation": sandbox.mode,
            "opaque": task.is_opaque,
            "rng_seed": settings.rng_seed,
            "violations": violations_document((*evaluation.violations, *tried.entries())),
        }


def _interval(evaluation: Evaluation) -> Document:
    if evaluation.value is None:
        return {"value": None, "low": None, "high": None}
    over_instances = estimate([score for score in evaluation.scores if score is not None])
    return {"value": evaluation.value, "low": over_instances.low, "high": over_instances.high}


async def improve(
    task: Task, settings: ImproveSettings, store: Store, progress: Progress | None = None, *, again: Again | None = None
) -> Document:
    """The document of one improvement of a task's seed solution; its values are on the test split.

    Args:
        task: What is to be improved.
        settings: What was asked for.
        store: Where it is recorded.
        progress: What a person is shown of it.
        again: The improvement on record that this does once more.
    """
    improvers = again.improvers if again else {"improver": resolve_improver(settings.improver, store)}
    source = improvers["improver"]
    progress = progress or Progress()
    async with opened_run("improve", [task], settings, store, progress, improvers=improvers, again=again) as run:
        measured = await _improve_and_measure(run.engine, task, source, settings)
        model = run.engine.model.info
        run.document = {
            "run_id": run.run_id,
            "task": task.name,
            "improver": settings.improver,
            "model": model.name,
            "is_language_model": model.is_language_model,
            "notice": model.notice,
            **measured,
            "isolation": run.engine.sandbox.mode,
            "opaque": task.is_opaque,
            "rng_seed": settings.rng_seed,
            **spent_document(run.engine, progress),
        }
    return run.document


async def _improve_and_measure(engine: Engine, task: Task, improver: str, settings: CommonSettings) -> Document:
    [utility] = await engine.utilities([task])
    await check_task(utility, engine.sandbox, settings.rng_seed)
    assignment = Assignment(
        scope="improve",
        improver=improver,
        initial_solution=task.seed_solution,
        task=task.name,
        budget=settings.budget(engine.model.improvement_budget),
    )
    seen = Draw(split="validation", key="improve", rng_seed=settings.rng_seed)
    improvement = await engine.improve(assignment, UtilityOnDraw(utility, seen))
    test = Draw(split="test", key="improve", rng_seed=settings.rng_seed)
    before = await utility.evaluate(task.seed_solution, test)
    return {"value_before": before.value, **await _after(improvement, utility, test)}


async def _after(improvement: Improvement, utility: Utility, test: Draw) -> Document:
    if improvement.solution is None:
        outcome = str(improvement.outcome)
        return {"value_after": None, "source": None, "outcome": outcome, "message": improvement.message}
    after = await utility.evaluate(improvement.solution, test)
    return {
        "value_after": after.value,
        "source": improvement.solution,
        "outcome": str(after.outcome),
        "message": after.message,
    }
