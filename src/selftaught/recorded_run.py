"""A run of any kind on record: opened with its isolation, models and engine, and how it ended."""

from __future__ import annotations

import asyncio
import contextlib
import platform
import time
import warnings
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from selftaught._version import __version__
from selftaught.engine import Engine, NoPast, Past
from selftaught.errors import (
    ConfigError,
    IsolationWarning,
    LanguageModelUnavailable,
    RunBudgetExceeded,
    SelfTaughtError,
    StoreUnavailable,
)
from selftaught.interrupts import under_way
from selftaught.ledger import NOTHING, Ledger, RunBudget, Spending, spending_document
from selftaught.models import LanguageModel, ModelContext, ModelInfo, ModelMaker, find_model, model_info, opened_models
from selftaught.models.replay import AnswerMissing
from selftaught.models.stored_answers import StoreAnswerBook
from selftaught.names import model_names, resume_command
from selftaught.past import StoredPast
from selftaught.progress import Progress
from selftaught.recorder import StoreRecorder
from selftaught.sandbox import Sandbox, SandboxConfig
from selftaught.settings import LIMITS, CommonSettings, can_be_resumed
from selftaught.store import RunRecord, RunStart, Store
from selftaught.task_definition import Task
from selftaught.telemetry import step
from selftaught.violations import violations_document

Document = dict[str, Any]


@contextlib.asynccontextmanager
async def opened_sandbox(settings: CommonSettings) -> AsyncIterator[Sandbox]:
    """The isolation that the settings ask for; warns where a stronger one could be had.

    Raises:
        SandboxError: It is not to be had.
    """
    mode: Literal["auto", "full", "confined", "sealed", "unsandboxed"] = settings.isolation
    if settings.unsafe_no_isolation and settings.isolation != "auto":
        raise ConfigError("--isolation and --unsafe-no-isolation exclude each other; leave one of them out")
    if settings.unsafe_no_isolation:
        mode = "unsandboxed"
    config = SandboxConfig(mode=mode)
    if settings.workers is not None:
        config = replace(config, workers=settings.workers)
    async with await Sandbox.start(config) as sandbox:
        if sandbox.warning is not None:
            warnings.warn(sandbox.warning, IsolationWarning, stacklevel=2)
        yield sandbox


@contextlib.asynccontextmanager
async def recorded_run(
    store: Store,
    config: Document,
    tasks: Sequence[Task],
    isolation: str,
    *,
    run_id: str | None = None,
    goes_on: GoesOn | None = None,
    so_far: Document | None = None,
) -> AsyncIterator[str]:
    """The id of a run that is recorded as failed or interrupted if it ends so.

    Args:
        store: Where.
        config: All that decides what the run does.
        tasks: What it is about.
        isolation: The mode of the sandbox.
        run_id: Its id, where that is given out already.
        goes_on: How it was taken up again, where it is on record already.
        so_far: What is recorded as its result if it ends so; filled in by whoever does the work.

    Raises:
        ConfigError: It is on record, and may not be taken up again.
    """
    run_id = run_id or store.new_run_id()
    if goes_on is not None:
        limits = {name: config[name] for name in LIMITS if name in config}
        store.resume_run(run_id, limits, take_over=goes_on.takes_over)
    else:
        store.start_run(_run_start(run_id, config, tasks, isolation))
    await store.committed()
    try:
        with under_way(run_id, resume_command(run_id, store) if can_be_resumed(config["kind"]) else None):
            yield run_id
    except asyncio.CancelledError:
        store.finish_run(run_id, status="interrupted", message="it was interrupted", result=so_far)
        raise
    except AnswerMissing as error:  # no recording gets better with time
        store.finish_run(run_id, status="failed", message=str(error), result=so_far)
        raise
    except (RunBudgetExceeded, LanguageModelUnavailable, StoreUnavailable) as error:
        store.finish_run(run_id, status="interrupted", message=str(error), result=so_far)
        is_part = "series" in config  # which is resumed in its place
        if isinstance(error, StoreUnavailable) and can_be_resumed(config["kind"]) and not is_part:
            go_on = f"then `{resume_command(run_id, store)}` goes on from what is stored"
            raise StoreUnavailable(f"{error}; {go_on}") from error
        raise
    except Exception as error:  # whatever it was, a run that has ended is not recorded as running
        expected = isinstance(error, SelfTaughtError)
        message = str(error) if expected else f"{type(error).__name__}: {error}"
        store.finish_run(run_id, status="failed", message=message, result=so_far)
        raise


def _run_start(run_id: str, config: Document, tasks: Sequence[Task], isolation: str) -> RunStart:
    inner = config.get("inner_model")
    versions = {
        "selftaught": __version__,
        "python": platform.python_version(),
        "model": f"{config['model']} {find_model_version(config['model'])}",
        **({"inner_model": f"{inner} {find_model_version(inner)}"} if inner is not None else {}),
        "tasks": {task.name: task.sha256 for task in tasks},
        "opaque": [task.name for task in tasks if task.is_opaque],
        "score_ranges": {
            task.name: {"lowest": task.lowest, "highest": task.highest, "best": task.reference_best} for task in tasks
        },
    }
    return RunStart(run_id=run_id, config=config, versions=versions, isolation=isolation)


def find_model_version(name: str) -> str:
    """The version of the model of that name; a question mark where there is no such model."""
    info = model_info(name)
    return info.version if info else "?"


@dataclass(frozen=True, kw_only=True)
class GoesOn:
    """That a run is taken up where it ended, under its own id and with its own model.

    Attributes:
        takes_over: Whether also if its process cannot be seen from here, and may still be there.
    """

    takes_over: bool = False


@dataclass(frozen=True, kw_only=True)
class IsReplayed:
    """That a run is done once more under another id, without the model that it had.

    Attributes:
        makers: How what answers is made, in place of its model, and of its inner model if it had one.
        on_open: Told the id of the new run.
        conclude: Makes the document that is recorded, of that id and what came of the new run.
    """

    makers: Sequence[ModelMaker]
    on_open: Callable[[str], None]
    conclude: Callable[[str, Document], Document]


@dataclass(frozen=True, kw_only=True)
class Again:
    """A run on record that is done again.

    Attributes:
        record: What is on record of it.
        improvers: The sources of the improvers that it was given, by their parts in it.
        how: How it is done again.
    """

    record: RunRecord
    improvers: Mapping[str, str]
    how: GoesOn | IsReplayed


@dataclass(frozen=True, kw_only=True)
class SeriesUnderWay:
    """The series of runs that a run is part of.

    Attributes:
        run_id: Its name in the store.
        sandbox: The isolation that its runs share.
        ledger: What they may spend together.
        has_begun: Whether an earlier run of it has been done, so that its models could be had.
    """

    run_id: str
    sandbox: Sandbox
    ledger: Ledger
    has_begun: bool = False


@dataclass(kw_only=True)
class OpenRun:
    """A recorded run under way.

    Attributes:
        run_id: Its name.
        engine: What does the work.
        recorder: Where it is written.
        document: What comes of it; recorded as the run's result when it ends.
    """

    run_id: str
    engine: Engine
    recorder: StoreRecorder
    document: Document = field(default_factory=dict)


@contextlib.asynccontextmanager
async def opened_run(
    kind: str,
    tasks: Sequence[Task],
    settings: CommonSettings,
    store: Store,
    progress: Progress,
    *,
    improvers: Mapping[str, str] | None = None,
    series: SeriesUnderWay | None = None,
    again: Again | None = None,
) -> AsyncIterator[OpenRun]:
    """A recorded run with its isolation, model and engine; all of it ends with the block.

    Args:
        kind: Of the run, such as `transfer`.
        tasks: What it is about.
        settings: What was asked for.
        store: Where it is recorded.
        progress: What a person is shown of it.
        improvers: The sources of the improvers that it is given, by their parts in it.
        series: What it is part of.
        again: The run on record that this does once more.

    Raises:
        SelfTaughtError: It could not be set up; or what came out of the block, and the run is recorded as failed.
    """
    names = model_names(settings)
    replayed = again.how if again and isinstance(again.how, IsReplayed) else None
    goes_on = again.how if again and isinstance(again.how, GoesOn) else None
    makers = replayed.makers if replayed else [find_model(name) for name in names]
    async with contextlib.AsyncExitStack() as stack:
        sandbox = series.sandbox if series else await stack.enter_async_context(opened_sandbox(settings))
        run_id = again.record.run_id if again and goes_on else store.new_run_id()
        progress.seconds_before = store.seconds_worked(run_id) if goes_on else 0.0
        own = spending_on_record(store, run_id) if goes_on else (NOTHING, NOTHING)
        resumed_as = series.run_id if series else run_id if can_be_resumed(kind) else None
        resume = resume_command(resumed_as, store) if resumed_as else None
        # A series has recalled what all of its runs have spent; a replay spends nothing, and may take its time.
        ledger = series.ledger if series else Ledger() if replayed else _ledger(settings, store, progress, own, resume)
        contexts = _model_contexts(
            sandbox, tasks, settings, store, run_id, ledger, progress, series, resume, goes_on=goes_on is not None
        )
        model, *inner = [make(context) for make, context in zip(makers, contexts, strict=True)]
        async with ledger.within_time():  # nothing is recorded of a run whose models cannot be had
            await stack.enter_async_context(opened_models(model, *inner))
        config: Document = {
            **_config(kind, tasks, settings, sandbox, [model, *inner]),
            "improvers": programs(improvers or {}, store),
            **({"series": series.run_id} if series else {}),
            **({"kind": "replay", "of": again.record.run_id, "of_kind": kind} if again and replayed else {}),
        }
        recorded = recorded_run(store, config, tasks, sandbox.mode, run_id=run_id, goes_on=goes_on)
        await stack.enter_async_context(recorded)
        if replayed:
            replayed.on_open(run_id)
        progress.ledger, progress.spent_before = ledger, ledger.spent - own[0]
        past: Past = StoredPast(store, run_id) if goes_on else NoPast()
        recorder = StoreRecorder(
            store, run_id, *names, rounds=store.rounds(run_id), on_notice=lambda line: progress.on_step(line)
        )
        engine = Engine(
            sandbox=sandbox,
            model=model,
            inner_model=inner[0] if inner else None,
            rng_seed=settings.rng_seed,
            recorder=recorder,
            usage=progress.usage,
            past=past,
            on_start=progress.improvement_started,
            on_progress=progress.improvement_finished,
        )
        run = OpenRun(run_id=run_id, engine=engine, recorder=recorder)
        with _told(run, kind, tasks, settings):
            async with ledger.within_time(), engine:
                yield run
        if replayed:
            run.document = replayed.conclude(run_id, run.document)
        store.finish_run(run_id, status="finished", result=run.document)
        await store.committed()


def _ledger(
    settings: CommonSettings,
    store: Store,
    progress: Progress,
    recalled: tuple[Spending, Spending],
    resume: str | None,
) -> Ledger:
    """What a run that is part of no series may spend, and what earlier lives of it have spent."""
    seconds_used = progress.seconds_before
    ledger = Ledger(run_budget(settings), seconds_used=seconds_used, resume=resume, shortage=lambda: store.shortage)
    ledger.recall(*recalled)
    return ledger


def spending_on_record(store: Store, run_id: str) -> tuple[Spending, Spending]:
    """What a run on record has spent, and what it may have spent beside that at the most.

    Exchanges of which nobody knows what they cost count as exchanges without a price in what it has spent.
    """
    uncounted = store.uncounted(run_id)
    return store.spent(run_id) + Spending(n_unpriced=uncounted.n_unpriced), uncounted


def _config(
    kind: str, tasks: Sequence[Task], settings: CommonSettings, sandbox: Sandbox, models: Sequence[LanguageModel]
) -> Document:
    """What decides what a run does, and what must be known of it where nothing of that is to be had any more."""
    return {
        "kind": kind,
        **about_tasks(tasks),
        **settings.model_dump(),
        "models": [_about_model(model) for model in models],
        "records_refusals": sandbox.records_refusals,
    }


def _model_contexts(
    sandbox: Sandbox,
    tasks: Sequence[Task],
    settings: CommonSettings,
    store: Store,
    run_id: str,
    ledger: Ledger,
    progress: Progress,
    series: SeriesUnderWay | None,
    resume: str | None,
    *,
    goes_on: bool,
) -> list[ModelContext]:
    """What each model of a run is made with, the inner one last."""
    return [
        ModelContext(
            sandbox=sandbox,
            rng_seed=settings.rng_seed,
            tasks={task.name: task.sha256 for task in tasks},
            settings=settings,
            ledger=ledger,
            book=StoreAnswerBook(store, run_id, name, fresh=settings.fresh_answers, goes_on=goes_on),
            is_inner=place > 0,
            is_awaited=goes_on or (series is not None and series.has_begun),
            mend=f"`{resume}`" if resume else None,
            on_wait=progress.wait,
        )
        for place, name in enumerate(model_names(settings))
    ]


def programs(improvers: Mapping[str, str], store: Store) -> dict[str, str]:
    """The sha256 of each improver that a run is given, by its part in it; they are put into the store."""
    return {part: store.add_program(source, "improver") for part, source in improvers.items()}


def run_budget(settings: CommonSettings) -> RunBudget:
    """What a command may spend on language models, all of its runs together."""
    return RunBudget(cost_usd=settings.max_cost, tokens=settings.max_tokens, seconds=settings.max_seconds)


def about_tasks(tasks: Sequence[Task]) -> Document:
    """Which tasks, and where those are found that are not bundled."""
    folders = {task.name: task.folder for task in tasks if task.folder is not None}
    return {"tasks": [task.name for task in tasks], "task_folders": folders}


def _about_model(model: LanguageModel) -> Document:
    """What must be known of a model where it cannot be asked: when its run is replayed, maybe elsewhere and later."""
    budgets = {"improvement_budget": model.improvement_budget, "meta_budget": model.meta_budget}
    return {"info": asdict(model.info), **{name: asdict(budget) for name, budget in budgets.items()}}


@contextlib.contextmanager
def _told(run: OpenRun, kind: str, tasks: Sequence[Task], settings: CommonSettings) -> Iterator[None]:
    """Nothing; within it a run is under way, for whoever watches."""
    model, *inner = model_names(settings)
    with step(
        "run",
        kind,
        run_id=run.run_id,
        kind=kind,
        tasks=[task.name for task in tasks],
        model=model,
        inner_model=inner[0] if inner else None,
        isolation=run.engine.sandbox.mode,
        rng_seed=settings.rng_seed,
    ) as told:
        try:
            yield
        finally:
            used = run.engine.usage
            told.note(
                calls=used.calls,
                responses=used.responses,
                utility_calls=used.utility_calls,
                evaluations=used.evaluations,
            )


def said_of(models: Sequence[ModelInfo]) -> Document:
    """What a document says of the model of its run, and of the inner model where there is one: None where not."""
    outer, inner = (*models, None)[:2]
    assert outer is not None
    return {
        "model": outer.name,
        "is_language_model": outer.is_language_model,
        "notice": outer.notice,
        "inner_model": inner.name if inner else None,
        "inner_is_language_model": inner.is_language_model if inner else None,
        "inner_notice": inner.notice if inner else None,
    }


def spent_document(engine: Engine, progress: Progress) -> Document:
    """What was used and spent, how many programs were run, and what they tried and may not."""
    engine.settle()
    counts = engine.usage.counts()
    n_evaluations, n_known = counts.pop("evaluations"), counts.pop("responses_known")
    return {
        "budget": {**counts, "seconds": round(progress.seconds_before + time.monotonic() - progress.started, 3)},
        "spending": spending_document(progress.spending, samples_known=n_known),
        "evaluations": n_evaluations,
        "violations": violations_document(engine.violations.entries()),
    }
