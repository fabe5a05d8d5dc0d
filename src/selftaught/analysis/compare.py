"""Comparing improvers: every one on every task, on the same draws and at the same budget.

Answers whether what self-improvement finds is better than what people designed.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from statistics import fmean, pstdev

from selftaught.budget import Usage
from selftaught.engine import Engine
from selftaught.experiment import SIGNIFICANCE, checked_meta_utility
from selftaught.ledger import NOTHING, spending_document
from selftaught.meta_utility import MetaEvaluation
from selftaught.progress import Progress
from selftaught.recorded_run import Again, Document, opened_run, spent_document
from selftaught.settings import CompareSettings
from selftaught.source import sha256_of
from selftaught.statistics import estimate, holm, paired_difference, ranks, sign_flip_p_value
from selftaught.store import Store
from selftaught.task_definition import Task

Measured = Mapping[str, MetaEvaluation]
"""What was measured on one task, by improver."""


async def run_compare(
    improvers: Mapping[str, str],
    tasks: Sequence[Task],
    settings: CompareSettings,
    store: Store,
    progress: Progress | None = None,
    *,
    again: Again | None = None,
) -> Document:
    """The document of a comparison: means, ranks and what was used, and which differences are real.

    Args:
        improvers: The source of each, by the name that a person gave.
        tasks: What they should improve.
        settings: Budgets and repeats.
        store: Where it is recorded.
        progress: What a person is shown of it.
        again: The comparison on record that this does once more.
    """
    progress = progress or Progress()
    async with opened_run("compare", tasks, settings, store, progress, improvers=improvers, again=again) as run:
        used = {name: _Used() for name in improvers}
        measured = {task.name: await _measure(run.engine, task, improvers, settings, used) for task in tasks}
        model = run.engine.model.info
        run.document = {
            "run_id": run.run_id,
            "model": model.name,
            "is_language_model": model.is_language_model,
            "notice": model.notice,
            "isolation": run.engine.sandbox.mode,
            "rng_seed": settings.rng_seed,
            "improvement_budget": asdict(settings.budget(run.engine.model.improvement_budget)),
            "improvers": [
                {
                    "name": name,
                    "sha256": sha256_of(source),
                    **_overall(name, list(measured.values())),
                    "used": used[name].document(),
                }
                for name, source in improvers.items()
            ],
            "tasks": [_task_document(task, measured[task.name]) for task in tasks],
            "pairs": pairs_of(list(measured.values())),
            **spent_document(run.engine, progress),
        }
    return run.document


@dataclass(kw_only=True)
class _Used:
    """What an improver used on all tasks.

    Attributes:
        usage: What is counted.
        seconds: Time on the clock.
    """

    usage: Usage = field(default_factory=Usage)
    seconds: float = 0.0

    @contextlib.contextmanager
    def counting(self, engine: Engine) -> Iterator[None]:
        """Nothing; what the engine uses within it is counted."""
        before, started = replace(engine.usage), time.monotonic()
        yield
        self.usage.add(engine.usage.since(before))
        self.seconds += time.monotonic() - started

    def document(self) -> Document:
        """The same as data for JSON; `tokens` is None where nothing is counted."""
        counts, spending = self.usage.counts(), self.usage.spending
        n_known = counts.pop("responses_known")
        return {
            **counts,
            "tokens": spending.tokens if spending != NOTHING or n_known else None,
            "spending": spending_document(spending, samples_known=n_known),
            "seconds": self.seconds,
        }


async def _measure(
    engine: Engine, task: Task, improvers: Mapping[str, str], settings: CompareSettings, used: Mapping[str, _Used]
) -> Measured:
    """What each improver makes of a task, one after the other, so that what each used is known."""
    fresh = await checked_meta_utility(
        engine, [task], settings, n_repeats=settings.fresh_repeats, split="fresh", purpose="compare"
    )
    measured = {}
    for name, source in improvers.items():
        with used[name].counting(engine):
            measured[name] = await fresh.evaluate(source)
    return measured


def _task_document(task: Task, measured: Measured) -> Document:
    first = next(iter(measured.values()))
    return {
        "task": task.name,
        "opaque": task.is_opaque,
        "initial": asdict(estimate(first.initial_values)),
        "improvers": [
            {"name": name, **asdict(estimate(evaluation.values)), "failed": evaluation.n_failed}
            for name, evaluation in measured.items()
        ],
        "pairs": pairs_of([measured]),
    }


def _overall(name: str, measured: Sequence[Measured]) -> Document:
    """An improver over all tasks: its mean rank (1 is best), and the mean of its values with their interval."""
    places = [
        ranks([-evaluation.values[repeat] for evaluation in of_task.values()])[list(of_task).index(name)]
        for of_task in measured
        for repeat in range(len(of_task[name].values))
    ]
    over_tasks = [fmean(values) for values in zip(*(of_task[name].values for of_task in measured), strict=True)]
    failed = sum(of_task[name].n_failed for of_task in measured)
    return {"mean_rank": fmean(places), **asdict(estimate(over_tasks)), "failed": failed}


def _scale(of_task: Measured) -> float:
    """The standard deviation of all values on a task; 1 where nothing varies."""
    return pstdev(value for evaluation in of_task.values() for value in evaluation.values) or 1.0


def pairs_of(measured: Sequence[Measured]) -> list[Document]:
    """Every two improvers: how much higher the first is, over each task and repeat, and whether that is real.

    The p-values are those of the paired sign-flip test, corrected for the number of pairs by Holm's method. For them a
    difference is measured in standard deviations of its task, or the task with the largest numbers would decide alone.
    """
    scales = [_scale(of_task) for of_task in measured]
    differences = []
    for first, second in itertools.combinations(measured[0], 2):
        after = [value for of_task in measured for value in of_task[first].values]
        before = [value for of_task in measured for value in of_task[second].values]
        scaled = [
            (value - other) / scale
            for of_task, scale in zip(measured, scales, strict=True)
            for value, other in zip(of_task[first].values, of_task[second].values, strict=True)
        ]
        difference = replace(paired_difference(after, before), p_value=sign_flip_p_value(scaled, rng_seed=0))
        differences.append((first, second, difference))
    corrected = holm([difference.p_value for _, _, difference in differences])
    return [
        {
            "first": first,
            "second": second,
            **asdict(difference),
            "p_corrected": p_corrected,
            "is_real": p_corrected < SIGNIFICANCE,
        }
        for (first, second, difference), p_corrected in zip(differences, corrected, strict=True)
    ]
