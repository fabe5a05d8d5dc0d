"""Where a run and the same run done again differ: in its figures, its improvements and its evaluations; and why.

Everything is compared exactly. What comes of a chance or of a clock outside of the engine's reach shows here, and so
does another machine or another version.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from selftaught.errors import Outcome
from selftaught.recorded_run import Document
from selftaught.store import EvaluationRecord, ImprovementRecord, RunRecord, Store

MOST_LISTED = 20
"""Differences of each kind that are listed; all are counted."""

BESIDE_THE_POINT = frozenset(
    {
        *("run_id", "seconds", "isolation", "violations", "settings", "spending", "responses_known"),
        *(f"{which}{said}" for which in ("", "inner_") for said in ("model", "is_language_model", "notice")),
    }
)
"""Keys of a document that say how and by what a run was done, and not what came of it."""

LIMITS = (Outcome.TIMED_OUT, Outcome.OUT_OF_MEMORY)
"""Outcomes that depend on how fast and how large a machine is."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing that came out otherwise.

    Attributes:
        what: What it is.
        then: What it was; None where it was not there.
        now: What it is; None where it is not there.
    """

    what: str
    then: Any
    now: Any


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A run and the same run done again.

    Attributes:
        n_compared: How many things were compared, by their kind: figures, improvements, evaluations.
        differences: Those that differ, by their kind.
        reasons: Why that can be, in sentences.
    """

    n_compared: Mapping[str, int]
    differences: Mapping[str, Sequence[Difference]]
    reasons: Sequence[str]

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return not any(self.differences.values())

    def document(self) -> Document:
        """The same as data for JSON."""
        return {
            "same": self.is_same,
            "compared": dict(self.n_compared),
            "different": {kind: len(found) for kind, found in self.differences.items()},
            "differences": {
                kind: [asdict(difference) for difference in found[:MOST_LISTED]]
                for kind, found in self.differences.items()
            },
            "reasons": list(self.reasons),
        }


def compare_runs(then: RunRecord, now: RunRecord, document: Document, store: Store) -> Comparison:
    """How a run differs from the one that it does again.

    Args:
        then: The run on record.
        now: The run that did it again.
        document: What came of it; as far as it came, if it did not end well.
        store: Where both are.
    """
    figures_then, figures_now = dict(_figures(then.result or {}, "")), dict(_figures(document, ""))
    shared = {name: figures_now.get(name) for name in figures_then}  # a later version may say more
    improvements_then, improvements_now = (_improvements(store, run.run_id) for run in (then, now))
    evaluations_then, evaluations_now = (_evaluations(store, run.run_id) for run in (then, now))
    differing = list(_differing(evaluations_then, evaluations_now, _evaluation_end))
    return Comparison(
        n_compared={
            "figures": len(figures_then),
            "improvements": len(improvements_then.keys() | improvements_now.keys()),
            "evaluations": len(evaluations_then.keys() | evaluations_now.keys()),
        },
        differences={
            "figures": [
                Difference(what=name, then=figures_then[name], now=shared[name])
                for name in figures_then
                if figures_then[name] != shared[name]
            ],
            "improvements": [
                Difference(what=" ".join(map(str, key)), then=before, now=after)
                for key, before, after in _differing(improvements_then, improvements_now, _improvement_end)
            ],
            "evaluations": [Difference(what=_evaluation_name(key), then=one, now=two) for key, one, two in differing],
        },
        reasons=list(_reasons(then, now, differing)),
    )


def _figures(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Every value in a document by where it stands, such as `rounds[1].test.mean`."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in BESIDE_THE_POINT:
                yield from _figures(item, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list | tuple):
        yield f"{name}, how many", len(value)
        for place, item in enumerate(value):
            yield from _figures(item, f"{name}[{place}]")
    else:
        yield name, value


def _improvements(store: Store, run_id: str) -> dict[Hashable, ImprovementRecord]:
    """The improvements that ended, by their names and the beginning of the improver's hash."""
    ended = (made for made in store.improvements(run_id) if made.outcome is not None)
    return {(made.path, made.improver[:12], made.initial[:12]): made for made in ended}


def _improvement_end(made: ImprovementRecord) -> Document:
    used = made.budget or {}
    counts = {name: used.get(name) for name in ("calls", "responses", "utility_calls")}
    return {"outcome": str(made.outcome), "result": made.result, **counts}


def _evaluations(store: Store, run_id: str) -> dict[Hashable, EvaluationRecord]:
    return {(made.program, made.task, made.split, made.key): made for made in store.evaluations(run_id)}


def _evaluation_end(made: EvaluationRecord) -> Document:
    return {"outcome": str(made.outcome), "value": made.value, "scores": list(made.scores)}


def _evaluation_name(key: Any) -> str:
    program, task, split, draw = key
    return f"{program[:12]} on {task}, {split}, {draw}"


def _differing(
    then: Mapping[Hashable, Any], now: Mapping[Hashable, Any], end: Callable[[Any], Document]
) -> Iterator[tuple[Any, Document | None, Document | None]]:
    for key in dict.fromkeys([*then, *now]):
        before = end(then[key]) if key in then else None
        after = end(now[key]) if key in now else None
        if before != after:
            yield key, before, after


def _reasons(then: RunRecord, now: RunRecord, evaluations: Sequence[tuple[Any, Any, Any]]) -> Iterator[str]:
    """Why a run may come out otherwise, as far as the records tell."""
    for name in ("selftaught", "python"):
        before, after = then.versions.get(name), now.versions.get(name)
        if before != after:
            yield f"{name} was {before} then and is {after} now."
    if then.isolation != now.isolation:
        yield f"The isolation was {then.isolation} then and is {now.isolation} now."
    both = [(key, one, two) for key, one, two in evaluations if one is not None and two is not None]
    at_limits = [key for key, one, two in both if {one["outcome"], two["outcome"]} & set(map(str, LIMITS))]
    if at_limits:
        yield (
            f"{_n_evaluations(at_limits)} ran into a limit of time or memory once and not the other time, the first "
            f"{_evaluation_name(at_limits[0])}: how fast a machine is, and how busy, decides that."
        )
    others = [key for key, _, _ in both if key not in at_limits]
    if others:
        yield (
            f"{_n_evaluations(others)} came out otherwise on the same instances, the first "
            f"{_evaluation_name(others[0])}: the program, or the code of the task, depends on more than it is given, "
            f"such as a clock{_of_opaque(then, others)}."
        )
    if evaluations and not both:
        yield "No evaluation came out otherwise, but other programs were evaluated: an improver did something else."


def _n_evaluations(keys: Sequence[Any]) -> str:
    return "1 evaluation" if len(keys) == 1 else f"{len(keys)} evaluations"


def _of_opaque(then: RunRecord, keys: Sequence[Any]) -> str:
    opaque = sorted({key[1] for key in keys} & set(then.opaque))
    return f" ({', '.join(opaque)} scores beside the candidate, which may be read from a clock)" if opaque else ""
