"""What a run of the recursion will take, said before anything is spent: a likely figure, and an upper bound.

The bound follows from the budgets: every improvement uses up its calls, every call its samples, every sample its
tokens. The likely figure follows from a rehearsal of the improver that the run begins with (`rehearsal.py`). Improvers
that come of it are taken to be most of the way from there to their budget, because they tend to ask more than the one
they came from. `docs/budgets.md` compares both with runs.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from selftaught.analysis.rehearsal import Rehearsal, Rehearsed, opened_rehearsal
from selftaught.budget import Budget
from selftaught.engine import META
from selftaught.errors import Outcome
from selftaught.improver import bundled_improver
from selftaught.ledger import Spending
from selftaught.meta_utility import MetaUtility
from selftaught.models import LanguageModel, ModelContext, find_unasked
from selftaught.models.prompts import expertise_sent
from selftaught.models.unasked import UnaskedModel
from selftaught.names import model_names
from selftaught.progress import N_COMPARED
from selftaught.recorded_run import Document, opened_sandbox
from selftaught.settings import RunSettings
from selftaught.task_definition import Task
from selftaught.utility import Utility

CHARACTERS_PER_TOKEN = 3.5
"""Of programs and English. A provider's own count may differ by a third."""

ADDED_CHARACTERS = len(expertise_sent("."))
"""What the engine says in each call after the words of the improver, where tokens are counted."""

TALK_TOKENS = 300
PROGRAM_GROWTH = 2.0
"""A likely answer is some talk, and a program so many times as long as the one that it improves."""

WAY_TO_THE_BUDGET = 0.75
"""How far improvers that come of self-improvement are from what the given one asks to all that they may ask."""

Level = Literal["outer", "inner"]
LEVELS: tuple[Level, ...] = ("outer", "inner")


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """What something takes; of the likely figures, means.

    Attributes:
        improvements: Improvements.
        calls: Calls of the language model.
        samples: Samples.
        uses: Uses of a utility.
        tokens_in: Tokens sent; 0 where none are counted.
        tokens_out: Tokens received.
        cost_usd: What they cost; 0 where that is not known.
    """

    improvements: float = 0
    calls: float = 0
    samples: float = 0
    uses: float = 0
    tokens_in: float = 0
    tokens_out: float = 0
    cost_usd: float = 0

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(**{name: getattr(self, name) + getattr(other, name) for name in _AMOUNTS})

    def times(self, factor: float) -> Amounts:
        """So many times as much."""
        return Amounts(**{name: getattr(self, name) * factor for name in _AMOUNTS})


_AMOUNTS = tuple(field.name for field in fields(Amounts))


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A part of a run that comes once in each of some rounds.

    Attributes:
        name: `itself`, `search` and `gate` as the ledger calls them; `test` and `fresh` come beside.
        level: Whether improvers are improved in it, or solutions.
        rounds: How many rounds have it.
        likely: What it takes in all of them together.
        at_most: The bound.
    """

    name: str
    level: Level
    rounds: int
    likely: Amounts
    at_most: Amounts


@dataclass(frozen=True, kw_only=True)
class Asker:
    """What one improvement takes of some improver.

    Attributes:
        given: Of the one that is given.
        later: Of one that came of self-improvement.
        at_most: The bound for any.
    """

    given: Amounts
    later: Amounts
    at_most: Amounts


async def run_estimate(tasks: Sequence[Task], settings: RunSettings, improver: str, *, n_runs: int = 1) -> Document:
    """The document of an estimate. Nothing is spent, and nothing recorded.

    Args:
        tasks: What the meta-utility would average over.
        settings: Those of the run.
        improver: The source of the improver that it would begin with.
        n_runs: How many runs.

    Raises:
        SelfTaughtError: The run could not even begin.
    """
    async with opened_sandbox(settings) as sandbox, opened_rehearsal(sandbox) as rehearsal:
        context = ModelContext(sandbox=sandbox, rng_seed=settings.rng_seed, settings=settings)
        async with contextlib.AsyncExitStack() as stack:
            made = [find_unasked(name)(context) for name in model_names(settings)]
            for model in made:
                stack.push_async_callback(model.close)
            models = _Models(outer=made[0], inner=made[-1])
            rehearsed = await _rehearse(tasks, settings, improver, models, rehearsal)
    phases = _phases(settings, len(tasks), _askers(settings, models, rehearsed))
    return _document(tasks, settings, models, phases, rehearsed, n_runs)


@dataclass(frozen=True, kw_only=True)
class _Models:
    """What would answer improvements of improvers, and of solutions; they are never asked."""

    outer: LanguageModel
    inner: LanguageModel

    def of(self, level: Level) -> LanguageModel:
        """That of a level."""
        return self.outer if level == "outer" else self.inner

    def budgets(self, settings: RunSettings) -> tuple[Budget, Budget]:
        """What an outer improvement may use, and what an inner one."""
        return settings.meta_budget(self.outer.meta_budget), settings.budget(self.inner.improvement_budget)


@dataclass(frozen=True, kw_only=True)
class _AllRehearsed:
    """Rehearsals of the improver on itself, and of it and of best-of-n on each task."""

    outer: Rehearsed
    inner: Sequence[Rehearsed]
    best_of_n: Sequence[Rehearsed]

    @property
    def failure(self) -> str | None:
        """Why a rehearsal came to nothing; None if none did. The estimate may be too low then."""
        failed = [each for each in (self.outer, *self.inner) if each.outcome is not Outcome.OK]
        return f"{failed[0].outcome}: {failed[0].message}" if failed else None


async def _rehearse(
    tasks: Sequence[Task], settings: RunSettings, improver: str, models: _Models, rehearsal: Rehearsal
) -> _AllRehearsed:
    meta_budget, budget = models.budgets(settings)
    utilities = await rehearsal.engine.utilities(tasks)
    meta_utility = MetaUtility(
        engine=rehearsal.engine,
        utilities=utilities,
        budget=budget,
        n_repeats=settings.n_repeats,
        split="validation",
        purpose="",
    )

    async def on(utility: Utility, source: str) -> Rehearsed:
        task = utility.task
        return await rehearsal.of(source, task.seed_solution, task.name, utility.description, budget)

    best_of_n = bundled_improver("best_of_n")
    return _AllRehearsed(
        outer=await rehearsal.of(improver, improver, META, meta_utility.description, meta_budget),
        inner=[await on(utility, improver) for utility in utilities],
        best_of_n=[await on(utility, best_of_n) for utility in utilities],
    )


@dataclass(frozen=True, kw_only=True)
class _Askers:
    outer: Asker
    inner: Asker
    best_of_n: Asker


def _askers(settings: RunSettings, models: _Models, rehearsed: _AllRehearsed) -> _Askers:
    meta_budget, budget = models.budgets(settings)
    return _Askers(
        outer=_asker([rehearsed.outer], meta_budget, settings, models.outer),
        inner=_asker(rehearsed.inner, budget, settings, models.inner),
        best_of_n=_asker(rehearsed.best_of_n, budget, settings, models.inner),
    )


def _asker(rehearsed: Sequence[Rehearsed], budget: Budget, settings: RunSettings, model: LanguageModel) -> Asker:
    """What one improvement takes, as a mean over rehearsals on several tasks."""

    def mean(of: Callable[[Rehearsed], Amounts]) -> Amounts:
        return sum(map(of, rehearsed), Amounts()).times(1 / len(rehearsed))

    def given(each: Rehearsed) -> Amounts:
        return Amounts(improvements=1, calls=each.calls, samples=each.samples, uses=each.uses)

    def later(each: Rehearsed) -> Amounts:
        return given(each).times(1 - WAY_TO_THE_BUDGET) + most.times(WAY_TO_THE_BUDGET)

    most = Amounts(
        improvements=1, calls=budget.calls, samples=budget.calls * budget.responses, uses=budget.utility_calls
    )
    return Asker(
        given=mean(lambda each: _likely(given(each), each, settings, model)),
        later=mean(lambda each: _likely(later(each), each, settings, model)),
        at_most=mean(lambda each: _bound(most, each, settings, model)),
    )


def _likely(counts: Amounts, rehearsed: Rehearsed, settings: RunSettings, model: LanguageModel) -> Amounts:
    """Counts with the tokens that they likely take, at the lengths of a rehearsal."""
    answer = TALK_TOKENS + PROGRAM_GROWTH * rehearsed.program_characters / CHARACTERS_PER_TOKEN
    answer = min(answer + (settings.thinking_tokens or 0), settings.max_output_tokens)
    sent = (rehearsed.sent_characters + ADDED_CHARACTERS) / CHARACTERS_PER_TOKEN
    return _with_tokens(counts, counts.calls, sent, counts.samples * answer, model)


def _bound(counts: Amounts, rehearsed: Rehearsed, settings: RunSettings, model: LanguageModel) -> Amounts:
    """Counts with the tokens that they take at the most."""
    # A provider that gives one sample at a time is sent the message once for each.
    sent = longest_prompt_tokens(rehearsed, settings)
    return _with_tokens(counts, counts.samples, sent, counts.samples * settings.max_output_tokens, model)


def longest_prompt_tokens(rehearsed: Rehearsed, settings: RunSettings) -> float:
    """The longest prompt that the bound allows for: the longest of the rehearsal, and a program as long as an answer.

    No budget bounds what a program sends, but that of the run, `--max-tokens` and `--max-cost`.
    """
    return (rehearsed.longest_characters + ADDED_CHARACTERS) / CHARACTERS_PER_TOKEN + settings.max_output_tokens


def _with_tokens(
    counts: Amounts, exchanges: float, sent_in_each: float, tokens_out: float, model: LanguageModel
) -> Amounts:
    """Counts with the tokens and the money of exchanges that are all alike; what one costs may depend on its length."""
    if not model.counts_tokens or not exchanges:
        return counts
    one = Spending(tokens_in=math.ceil(sent_in_each), tokens_out=math.ceil(tokens_out / exchanges))
    cost = model.price.cost_usd(one) * exchanges if model.price is not None else 0.0
    return replace(counts, tokens_in=sent_in_each * exchanges, tokens_out=tokens_out, cost_usd=cost)


def _phases(settings: RunSettings, n_tasks: int, askers: _Askers) -> list[Phase]:
    """The phases of a run, in the order in which they begin."""
    t, outer, inner = settings.rounds, askers.outer, askers.inner
    gate, test, fresh = (
        repeats * n_tasks for repeats in (settings.gate_repeats, settings.test_repeats, settings.fresh_repeats)
    )
    itself = [outer.given, *[outer.later] * (t - 1)][:t]
    searched = settings.n_repeats * n_tasks
    uses = sum(each.uses for each in itself)
    parents = [inner.given, *[inner.later] * (t - 1)][:t]
    rows: list[tuple[str, Level, int, Amounts, Amounts]] = [
        ("itself", "outer", t, sum(itself, Amounts()), outer.at_most.times(t)),
        ("search", "inner", t, inner.later.times(uses * searched), _bound_of_search(askers, searched).times(t)),
        (
            "gate",
            "inner",
            t + 1,
            (inner.given + sum(parents, Amounts()) + inner.later.times(t)).times(gate),
            inner.at_most.times((1 + 2 * t) * gate),
        ),
        ("test", "inner", t + 1, (inner.given + inner.later.times(t)).times(test), inner.at_most.times((1 + t) * test)),
        (
            "fresh",
            "inner",
            1,
            (inner.given + askers.best_of_n.given + (inner.later if t else Amounts())).times(fresh),
            inner.at_most.times(N_COMPARED * fresh),
        ),
    ]
    return [
        Phase(name=name, level=level, rounds=rounds, likely=likely, at_most=at_most)
        for name, level, rounds, likely, at_most in rows
        if rounds
    ]


def _bound_of_search(askers: _Askers, searched: int) -> Amounts:
    return askers.inner.at_most.times(askers.outer.at_most.uses * searched)


def _document(
    tasks: Sequence[Task],
    settings: RunSettings,
    models: _Models,
    phases: Sequence[Phase],
    rehearsed: _AllRehearsed,
    n_runs: int,
) -> Document:
    info, (meta_budget, budget) = models.outer.info, models.budgets(settings)
    inner = models.inner.info if settings.inner_model is not None else None
    every = [(rehearsed.outer, models.outer), *((each, models.inner) for each in rehearsed.inner)]
    prompts = [longest_prompt_tokens(each, settings) for each, model in every if model.counts_tokens]
    return {
        "task": ",".join(task.name for task in tasks),
        "model": info.name,
        "is_language_model": info.is_language_model,
        "inner_model": inner.name if inner else None,
        "inner_is_language_model": inner.is_language_model if inner else None,
        "runs": n_runs,
        "rounds": settings.rounds,
        "improver": settings.improver,
        "improvement_budget": asdict(budget),
        "meta_budget": asdict(meta_budget),
        "phases": [
            {
                "phase": phase.name,
                "level": phase.level,
                "rounds": phase.rounds * n_runs,
                **_figures([phase], [models.of(phase.level)], n_runs),
            }
            for phase in phases
        ],
        "levels": {level: _level_document(level, phases, models.of(level), n_runs) for level in LEVELS},
        **_figures(phases, [models.outer, models.inner], n_runs),
        "stops_at": {"cost_usd": settings.max_cost, "tokens": settings.max_tokens, "seconds": settings.max_seconds},
        "longest_prompt_tokens": round(max(prompts)) if prompts else None,
        "rehearsal_failed": rehearsed.failure,
    }


def _level_document(level: Level, phases: Sequence[Phase], model: LanguageModel, n_runs: int) -> Document:
    price = None if model.price is None else {"sent": model.price.sent, "received": model.price.received}
    return {
        "model": model.info.name,
        "counts_tokens": model.counts_tokens,
        "price_usd_per_million_tokens": price,
        "is_unasked": isinstance(model, UnaskedModel),
        "missing": model.missing if isinstance(model, UnaskedModel) else None,
        **_figures([phase for phase in phases if phase.level == level], [model], n_runs),
    }


def _figures(phases: Sequence[Phase], models: Sequence[LanguageModel], n_runs: int) -> Document:
    """The likely figures and the bound for some phases together, which some models answer."""
    likely = sum((phase.likely for phase in phases), Amounts())
    at_most = sum((phase.at_most for phase in phases), Amounts())
    return {
        "likely": _amounts_document(likely.times(n_runs), models),
        "at_most": _amounts_document(at_most.times(n_runs), models),
    }


def _amounts_document(amounts: Amounts, models: Sequence[LanguageModel]) -> Document:
    """Amounts as data for JSON, in whole numbers; None for what no model counts, or has no known price."""
    document: dict[str, Any] = {name: round(getattr(amounts, name)) for name in _AMOUNTS if name != "cost_usd"}
    document["cost_usd"] = round(amounts.cost_usd, 6)
    counting = [model for model in models if model.counts_tokens]
    if not counting:
        document |= {"tokens_in": None, "tokens_out": None}
    if not counting or any(model.price is None for model in counting):
        document["cost_usd"] = None
    return document
