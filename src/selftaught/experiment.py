"""One run of the recursion from its settings to its document, with the measurements beside it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from selftaught.engine import Engine
from selftaught.errors import Outcome
from selftaught.improver import bundled_improver
from selftaught.meta_utility import MetaEvaluation, MetaUtility
from selftaught.names import resolve_improver
from selftaught.progress import Progress
from selftaught.recorded_run import Again, Document, SeriesUnderWay, opened_run, said_of, spent_document
from selftaught.recorder import StoreRecorder
from selftaught.recursion import Round, SelfTaughtOptimizer
from selftaught.settings import CommonSettings, RunSettings
from selftaught.source import sha256_of
from selftaught.statistics import Estimate, PairedDifference, estimate, fewest_pairs, paired_difference
from selftaught.store import Store
from selftaught.task_check import check_task
from selftaught.task_definition import Split, Task
from selftaught.telemetry import step

SIGNIFICANCE = 0.05
"""With fewer pairs even the clearest difference has a sign-flip p-value above 0.05."""


async def run_stop(
    tasks: Sequence[Task],
    settings: RunSettings,
    store: Store,
    progress: Progress,
    *,
    improvers: Mapping[str, str] | None = None,
    series: SeriesUnderWay | None = None,
    again: Again | None = None,
) -> Document:
    """The document of a whole run: the recursion, then the comparison on fresh draws.

    Args:
        tasks: What its meta-utility averages over.
        settings: What was asked for.
        store: Where it is recorded.
        progress: What a person is shown of it.
        improvers: What it is given, where that is known already.
        series: What it is part of; this changes no figure.
        again: The run on record that this does once more.

    Raises:
        SelfTaughtError: It could not be done; the run is recorded as failed.
    """
    if again:
        improvers = again.improvers
    improvers = improvers or improvers_of_run(settings.improver, store)
    async with opened_run(
        "run", tasks, settings, store, progress, improvers=improvers, series=series, again=again
    ) as run:
        experiment = Experiment(
            run_id=run.run_id,
            tasks=tasks,
            settings=settings,
            improvers=improvers,
            engine=run.engine,
            recorder=run.recorder,
            progress=progress,
        )
        run.document = await experiment.run()
    return run.document


def improvers_of_run(improver: str, store: Store) -> dict[str, str]:
    """The sources of the improvers that a run of the recursion is given, by their parts in it.

    Raises:
        ConfigError: There is none of that name.
    """
    return {"seed": resolve_improver(improver, store), "best_of_n": bundled_improver("best_of_n")}


async def checked_meta_utility(
    engine: Engine, tasks: Sequence[Task], settings: CommonSettings, *, n_repeats: int, split: Split, purpose: str
) -> MetaUtility:
    """The meta-utility over tasks at the budget of the settings; every task is checked before anything is spent.

    Raises:
        TaskError: A task's code cannot be loaded, or is no function of its arguments.
    """
    utilities = await engine.utilities(tasks)
    for utility in utilities:
        await check_task(utility, engine.sandbox, settings.rng_seed)
    return MetaUtility(
        engine=engine,
        utilities=utilities,
        budget=settings.budget(engine.downstream_model.improvement_budget),
        n_repeats=n_repeats,
        split=split,
        purpose=purpose,
    )


@dataclass(kw_only=True)
class Experiment:
    """A run under way.

    Attributes:
        run_id: Its name.
        tasks: What its meta-utility averages over.
        settings: What was asked for.
        improvers: The source of the improver that it begins with, `seed`, and of `best_of_n`.
        engine: What does the work.
        recorder: Where rounds are written.
        progress: What a person is shown of it.
    """

    run_id: str
    tasks: Sequence[Task]
    settings: RunSettings
    improvers: Mapping[str, str]
    engine: Engine
    recorder: StoreRecorder
    progress: Progress

    async def run(self) -> Document:
        """The document of the run."""
        settings, engine = self.settings, self.engine
        meta_utility = await checked_meta_utility(
            engine, self.tasks, settings, n_repeats=settings.n_repeats, split="validation", purpose=""
        )
        optimizer = SelfTaughtOptimizer(
            engine=engine,
            meta_utility=meta_utility,
            budget=settings.meta_budget(engine.model.meta_budget),
            n_rounds=settings.rounds,
            accept=settings.accept_rule,
            n_gate_repeats=settings.gate_repeats,
        )
        rounds = await self._rounds(optimizer)
        comparison = await self._compare(meta_utility, rounds[-1][0].improver)
        return self._document(rounds, comparison)

    async def _rounds(self, optimizer: SelfTaughtOptimizer) -> list[tuple[Round, Estimate]]:
        test = optimizer.meta_utility.for_purpose("test", split="test", n_repeats=self.settings.test_repeats)
        rounds: list[tuple[Round, Estimate]] = []
        async with contextlib.aclosing(optimizer.rounds(self.improvers["seed"])) as making:
            for number in range(optimizer.n_rounds + 1):
                self.progress.enter_round(number, self.settings, len(self.tasks))
                with step("round", round=number) as told:
                    made = await anext(making)
                    measured = estimate((await test.evaluate(made.improver)).values)
                    told.note(**_round_facts(made), test=measured.mean)
                rounds.append((made, measured))
                await self.recorder.round(made, measured, self.engine.usage.counts())
                self.progress.leave_round(made, measured)
        return rounds

    async def _compare(self, meta_utility: MetaUtility, improver: str) -> Comparison:
        self.progress.enter_comparison()
        fresh = meta_utility.for_purpose("fresh", split="fresh", n_repeats=self.settings.fresh_repeats)
        sources = {**self.improvers, "improved": improver}
        measured = {name: await fresh.evaluate(source) for name, source in sources.items()}
        return Comparison(**measured)

    def _document(self, rounds: list[tuple[Round, Estimate]], comparison: Comparison) -> Document:
        improver = rounds[-1][0].improver
        model = self.engine.model.info
        inner = [self.engine.inner_model.info] if self.engine.inner_model is not None else []
        budget = self.settings.budget(self.engine.downstream_model.improvement_budget)
        meta_budget = self.settings.meta_budget(self.engine.model.meta_budget)
        return {
            "run_id": self.run_id,
            "task": ",".join(task.name for task in self.tasks),
            **said_of([model, *inner]),
            "isolation": self.engine.sandbox.mode,
            "opaque": [task.name for task in self.tasks if task.is_opaque],
            "rng_seed": self.settings.rng_seed,
            "settings": self.settings.model_dump(exclude={"workers", "isolation", "unsafe_no_isolation"}),
            "improvement_budget": asdict(budget),
            "meta_budget": asdict(meta_budget),
            "rounds": [_round_document(made, test) for made, test in rounds],
            "seed_improver": {"test": asdict(comparison.estimate("seed")), **comparison.failures("seed")},
            "best_of_n": {"test": asdict(comparison.estimate("best_of_n")), **comparison.failures("best_of_n")},
            "improver": {
                "sha256": sha256_of(improver),
                "source": improver,
                "test": asdict(comparison.estimate("improved")),
                **comparison.failures("improved"),
            },
            "initial_solution": {"test": asdict(comparison.initial())},
            "gain": asdict(comparison.gain_over("seed")),
            "gain_over_best_of_n": asdict(comparison.gain_over("best_of_n")),
            "verdict": verdict(comparison.gain_over("seed"), comparison.gain_over("best_of_n")),
            **spent_document(self.engine, self.progress),
        }


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Three improvers on the same fresh draws, repeat by repeat."""

    seed: MetaEvaluation
    best_of_n: MetaEvaluation
    improved: MetaEvaluation

    def estimate(self, name: str) -> Estimate:
        """The mean of one of them, with its interval."""
        return estimate(self._evaluation(name).values)

    def initial(self) -> Estimate:
        """The mean of the seed solutions, with its interval."""
        return estimate(self.seed.initial_values)

    def failures(self, name: str) -> Document:
        """How many of its improvements failed, and the commonest reason."""
        evaluation = self._evaluation(name)
        return {"failed": evaluation.n_failed, "commonest_failure": evaluation.commonest_failure}

    def gain_over(self, name: str) -> PairedDifference:
        """How much better the improved improver is, paired by repeat."""
        return paired_difference(self.improved.values, self._evaluation(name).values)

    def _evaluation(self, name: str) -> MetaEvaluation:
        evaluation: MetaEvaluation = getattr(self, name)
        return evaluation


def verdict(over_seed: PairedDifference, over_best_of_n: PairedDifference) -> str:
    """What the comparison says, in plain words."""
    return f"Against the seed improver: {finding(over_seed)}. Against best-of-n: {finding(over_best_of_n)}."


def finding(
    gain: PairedDifference, pairs_of: str = "repeats", *, p_corrected: float | None = None, n_tasks: int = 1
) -> str:
    """What a paired comparison says, in plain words.

    Args:
        gain: The difference.
        pairs_of: What was paired.
        p_corrected: Its p-value after correction for the tasks that the same is said of; its own if not given.
        n_tasks: How many those are.
    """
    p_value = gain.p_value if p_corrected is None else p_corrected
    corrected, of_all = (f" after correction for {n_tasks} tasks", f" for {n_tasks} tasks") if n_tasks > 1 else ("", "")
    bounds = f"95 % interval {gain.low:+.3f} to {gain.high:+.3f}"
    interval = f"{bounds}, p = {p_value:.2g}{corrected}, {gain.n} paired {pairs_of}"
    fewest = fewest_pairs(SIGNIFICANCE, n_tasks)
    if gain.n < fewest:
        few = f"1 {pairs_of.removesuffix('s')} is" if gain.n == 1 else f"{gain.n} {pairs_of} are"
        return f"{few} too few to tell, at least {fewest} are needed{of_all} ({gain.mean:+.3f})"
    if p_value < SIGNIFICANCE and gain.mean > 0:
        return f"improved by {gain.mean:.3f} ({interval})"
    if p_value < SIGNIFICANCE:
        return f"worse by {-gain.mean:.3f} ({interval})"
    return f"no evidence of improvement ({interval})"


def _round_facts(made: Round) -> dict[str, str | bool | float]:
    outcome = made.improvement.outcome if made.improvement is not None else Outcome.OK
    return {
        "accepted": made.accepted,
        "outcome": str(outcome),
        "improver": sha256_of(made.improver),
        "validation": made.validation.mean,
    }


def _round_document(made: Round, test: Estimate) -> Document:
    improvement = made.improvement
    proposal = improvement.solution if improvement is not None else None
    return {
        "round": made.number,
        "validation": made.validation.mean,
        "test": asdict(test),
        "accepted": made.accepted,
        "improver": sha256_of(made.improver),
        "parent": sha256_of(made.parent) if made.parent is not None else None,
        "proposal": sha256_of(proposal) if proposal is not None else None,
        "proposal_validation": made.proposal_validation.mean if made.proposal_validation else None,
        "parent_validation": made.parent_validation.mean if made.parent_validation else None,
        "outcome": str(improvement.outcome) if improvement is not None else "ok",
        "message": improvement.message if improvement is not None else "",
        "meta_budget_used": improvement.usage.counts() if improvement is not None else None,
    }
