"""The synchronous façade: what `import selftaught` offers. The engine behind it is asynchronous."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from selftaught import single
from selftaught.again.replay import replay as replay_run
from selftaught.again.resume import resume as resume_run
from selftaught.again.resume import resume_series
from selftaught.analysis.series import Shown, run_series
from selftaught.analysis.transfer import run_transfer, seed_of_run
from selftaught.errors import ConfigError
from selftaught.experiment import run_stop
from selftaught.names import resolve_improver
from selftaught.progress import Progress
from selftaught.recorded_run import Document
from selftaught.settings import (
    DEFAULT_STORE,
    UNSANDBOXED,
    CommonSettings,
    ImproveSettings,
    ReplaySettings,
    ResumeSettings,
    RunSettings,
    TransferSettings,
    checked_settings,
)
from selftaught.store import Store
from selftaught.store.clock import now
from selftaught.task_definition import Split, Task, find_task, find_tasks

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Improver:
    """An improver that a run made.

    Attributes:
        source: Its program.
        sha256: Its name in the store.
    """

    source: str = field(repr=False)
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Run:
    """A finished run.

    Attributes:
        document: What `selftaught run --json` prints.
    """

    document: Document = field(repr=False)

    @property
    def run_id(self) -> str:
        """Its name in the store."""
        return str(self.document["run_id"])

    @property
    def improver(self) -> Improver:
        """The improver after the last round."""
        improver = self.document["improver"]
        return Improver(source=improver["source"], sha256=improver["sha256"])

    @property
    def rounds(self) -> list[Document]:
        """Each round: validation, test with interval, accepted or not."""
        return list(self.document["rounds"])

    @property
    def gain(self) -> Document:
        """The improved improver against the seed improver on fresh repeats: mean, low, high, p_value, n."""
        return dict(self.document["gain"])

    def __str__(self) -> str:
        return f"{self.run_id}: {self.document['verdict']}{_mark(self.document)}"


@dataclass(frozen=True, kw_only=True)
class Series:
    """Independent runs of the same settings, and what they come to together.

    Attributes:
        document: What `selftaught run --runs N --json` prints.
    """

    document: Document = field(repr=False)

    @property
    def run_id(self) -> str:
        """Its name in the store."""
        return str(self.document["run_id"])

    @property
    def runs(self) -> list[Run]:
        """The runs that were finished, in the order of their rng seeds."""
        return [Run(document=document) for document in self.document["runs"]]

    @property
    def failures(self) -> list[Document]:
        """The runs that failed: run_id, rng_seed, message."""
        return list(self.document["failures"])

    @property
    def rounds(self) -> list[Document]:
        """Each round over the runs: validation and test with mean, interval and spread; how many runs accepted."""
        return list(self.document["rounds"])

    def __str__(self) -> str:
        return f"{self.run_id}: {self.document.get('verdict', 'no run was finished')}{_mark(self.document)}"


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """An improver on tasks that it never saw.

    Attributes:
        document: What `selftaught transfer --json` prints.
    """

    document: Document = field(repr=False)

    def rows(self) -> list[Document]:
        """A flat row for each task: the means of u(s), u(I_0(s)) and u(I_T(s)), and the gain with its interval.

        `isolation` is the same in all; where it is `unsandboxed`, programs could make up any figure.
        """
        return [
            {
                "task": row["task"],
                "isolation": self.document["isolation"],
                "initial": row["initial"]["mean"],
                "seed_improver": row["seed_improver"]["mean"],
                "best_of_n": row["best_of_n"]["mean"],
                "improver": row["improver"]["mean"],
                **{f"gain_{name}": value for name, value in row["gain"].items()},
            }
            for row in self.document["tasks"]
        ]

    def to_frame(self) -> Any:
        """The rows as a polars data frame; needs the extra `tables`."""
        try:
            import polars
        except ImportError:
            raise ConfigError("to_frame() needs polars: install selftaught[tables], or use rows()") from None
        return polars.DataFrame(self.rows())


def _mark(document: Document) -> str:
    return f" {UNSANDBOXED}: programs ran with your rights." if document["isolation"] == "unsandboxed" else ""


def stop(
    tasks: str | Task | Iterable[str | Task],
    *,
    store: str | Path = DEFAULT_STORE,
    on_step: Callable[[str], None] = lambda line: None,
    **settings: Any,
) -> Run:
    """The run of the Self-Taught Optimizer on one or more tasks.

    Args:
        tasks: Names of bundled tasks, task folders, or `Task` objects.
        store: Where everything is recorded.
        on_step: Told a line whenever a step ends, or nothing goes on because the model cannot be had.
        settings: What `RunSettings` has: model, rounds, repeats, rng_seed, budget_calls, …

    Raises:
        ConfigError: The call was wrong.
        SelfTaughtError: The work failed.
    """
    checked, found = checked_settings(RunSettings, **settings), find_tasks(tasks)
    with Store.open(store, clock=now) as records:
        return Run(document=_wait_for(run_stop(found, checked, records, Progress(on_step=on_step, on_wait=on_step))))


def series(
    tasks: str | Task | Iterable[str | Task],
    *,
    runs: int,
    store: str | Path = DEFAULT_STORE,
    on_step: Callable[[str], None] = lambda line: None,
    **settings: Any,
) -> Series:
    """Several independent runs, the k-th from `rng_seed + k`, one after the other; those that fail are told apart.

    Args:
        tasks: Names of bundled tasks, task folders, or `Task` objects.
        runs: How many, 1 or more.
        store: Where everything is recorded.
        on_step: Told a line whenever a step ends, or nothing goes on because the model cannot be had.
        settings: What `RunSettings` has: model, rounds, repeats, rng_seed, budget_calls, …

    Raises:
        ConfigError: The call was wrong.
        SelfTaughtError: No further run could be done.
    """
    checked, found = checked_settings(RunSettings, **settings), find_tasks(tasks)
    if runs < 1:
        raise ConfigError(f"a series needs 1 run or more, not {runs}")

    shown = _told(on_step, runs)
    with Store.open(store, clock=now) as records:
        return Series(document=_wait_for(run_series(found, checked, runs, records, shown)))


def _told(on_step: Callable[[str], None], n_runs: int) -> Shown:
    @contextlib.contextmanager
    def told(place: int, rng_seed: int) -> Iterator[Progress]:
        on_step(f"run {place + 1} of {n_runs}, rng-seed {rng_seed}")
        yield Progress(on_step=on_step)

    return told


def resume(
    run: str,
    *,
    tasks: str | Task | Iterable[str | Task] = (),
    store: str | Path = DEFAULT_STORE,
    on_step: Callable[[str], None] = lambda line: None,
    **settings: Any,
) -> Run | Series | Transfer | Document:
    """What becomes of a run on record that goes on where it ended: what the call that began it would have returned.

    Args:
        run: The id of a run or of a series, or its beginning.
        tasks: Its tasks, where they were made in Python or are not where they were.
        store: Where it is recorded.
        on_step: Told a line whenever a step ends.
        settings: What `ResumeSettings` has: max_cost, max_tokens, max_seconds, workers, take_over, …

    Raises:
        ConfigError: It cannot go on.
        SelfTaughtError: The work failed.
    """
    checked, found = checked_settings(ResumeSettings, **settings), find_tasks(tasks) if tasks else []
    with Store.open(store, clock=now) as records:
        record = records.run(run)
        kind = record.config.get("kind")
        if kind == "series":
            shown = _told(on_step, record.config.get("runs", 0))
            return Series(document=_wait_for(resume_series(record, records, shown, checked, tasks=found)))
        progress = Progress(on_step=on_step)
        document = _wait_for(resume_run(record, records, progress, checked, tasks=found))
    return Run(document=document) if kind == "run" else Transfer(document=document) if kind == "transfer" else document


def replay(
    run: Run | str,
    *,
    tasks: str | Task | Iterable[str | Task] = (),
    store: str | Path = DEFAULT_STORE,
    on_step: Callable[[str], None] = lambda line: None,
    **settings: Any,
) -> Document:
    """The document of a replay: `same` says whether everything came out as it did, measured anew without the model.

    Args:
        run: A run, or the id of one, or its beginning.
        tasks: Its tasks, where they were made in Python or are not where they were.
        store: Where it is recorded.
        on_step: Told a line whenever a step ends.
        settings: What `ReplaySettings` has: workers, isolation, …

    Raises:
        ConfigError: It cannot be replayed.
        SelfTaughtError: The work failed.
    """
    checked, found = checked_settings(ReplaySettings, **settings), find_tasks(tasks) if tasks else []
    with Store.open(store, clock=now) as records:
        record = records.run(run.run_id if isinstance(run, Run) else run)
        return _wait_for(replay_run(record, records, Progress(on_step=on_step), checked, tasks=found))


def improve(task: str | Task, *, store: str | Path = DEFAULT_STORE, **settings: Any) -> Document:
    """The document of one improver applied to a task's seed solution; `source` is the better solution."""
    checked, found = checked_settings(ImproveSettings, **settings), _one_task(task)
    with Store.open(store, clock=now) as records:
        return _wait_for(single.improve(found, checked, records))


def evaluate(task: str | Task, solution: str, *, split: Split = "test", **settings: Any) -> Document:
    """The document of one evaluation of a solution, given as source text."""
    return _wait_for(single.evaluate(_one_task(task), solution, split, checked_settings(CommonSettings, **settings)))


def transfer(
    improver: Improver | str,
    *,
    tasks: str | Task | Iterable[str | Task],
    store: str | Path = DEFAULT_STORE,
    **settings: Any,
) -> Transfer:
    """The transfer of an improver to other tasks, without more optimisation.

    Args:
        improver: `run.improver`, or a name: a bundled improver, a file, a run, `RUN:round`.
        tasks: Names of bundled tasks, task folders, or `Task` objects.
        store: Where everything is recorded.
        settings: What `TransferSettings` has; `fresh_repeats` is the number of repeats for each task.
    """
    checked, found = checked_settings(TransferSettings, **settings), find_tasks(tasks)
    with Store.open(store, clock=now) as records:
        if isinstance(improver, Improver):
            source, seed = improver.source, None
        else:
            source, seed = resolve_improver(improver, records), seed_of_run(improver, records)
        return Transfer(document=_wait_for(run_transfer(source, found, checked, records, seed=seed)))


def _one_task(task: str | Task) -> Task:
    return task if isinstance(task, Task) else find_task(task)


def _wait_for(work: Coroutine[Any, Any, Result]) -> Result:
    """The result of asynchronous work; also where a loop runs already, as in a notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(max_workers=1) as threads:
        return threads.submit(asyncio.run, work).result()
