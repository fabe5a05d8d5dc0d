"""The ledger of a recorded run: what each part of it used and spent, down to the single call.

    run
     └─ round-1                     or what comes beside the rounds: test, fresh, compare, transfer, improve
         └─ search                  the phase of a round: itself, search, gate
             └─ improver            each use of an improver: one measurement by the meta-utility
                 └─ repeat          one improvement of a solution
                     └─ call

Everything is read from the rows of the store, so it is there for a run that was killed, too. What an entry holds is the
sum of its parts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar

from selftaught.improver import bundled_improver, bundled_improver_names
from selftaught.ledger import NOTHING, Spending, spending_document, spending_from
from selftaught.source import sha256_of
from selftaught.store import CallFigures, FailedCall, ImprovementRecord, RunRecord, Store, as_written

Level = Literal["run", "round", "phase", "improver", "repeat", "call"]
LEVELS: tuple[Level, ...] = ("run", "round", "phase", "improver", "repeat", "call")

ITSELF = "itself"
"""The phase in which an improver improves itself: its own calls, without those of the improvers that it tries."""

IN_NO_CALL = "in no finished call"
"""What was used that no call on record holds: that was under way when an improvement or the run ended."""

_REPEAT = re.compile(r"(?:(?P<use>.*)/)?(?P<repeat>[^/]+/repeat-\d+)", re.DOTALL)
_ROUND = re.compile(r"round-(\d+)")

Part = TypeVar("Part")


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What was used and spent.

    Attributes:
        improvements: Improvements that were begun.
        calls: Calls of the language model, the failed ones included.
        samples: Samples received.
        samples_known: Those of them that were known already.
        uses: Uses of a utility by an improver.
        spending: What the calls cost.
        is_counted: Whether any of the calls says what it cost.
        call_seconds: How long the calls took, added up over all that were in flight.
    """

    improvements: int = 0
    calls: int = 0
    samples: int = 0
    samples_known: int = 0
    uses: int = 0
    spending: Spending = NOTHING
    is_counted: bool = False
    call_seconds: float = 0.0

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            improvements=self.improvements + other.improvements,
            calls=self.calls + other.calls,
            samples=self.samples + other.samples,
            samples_known=self.samples_known + other.samples_known,
            uses=self.uses + other.uses,
            spending=self.spending + other.spending,
            is_counted=self.is_counted or other.is_counted,
            call_seconds=self.call_seconds + other.call_seconds,
        )

    def document(self) -> dict[str, Any]:
        """The same as data for JSON; `spending` is None where nothing is counted."""
        spending = spending_document(self.spending, samples_known=self.samples_known) if self.is_counted else None
        return {
            "improvements": self.improvements,
            "calls": self.calls,
            "samples": self.samples,
            "uses": self.uses,
            "call_seconds": round(self.call_seconds, 6),
            "spending": spending,
        }


Interval = tuple[datetime, datetime]


def _merged(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The same moments as intervals that do not overlap, in order."""
    merged: list[Interval] = []
    for began, ended in sorted(intervals):
        if merged and began <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(ended, merged[-1][1])
        else:
            merged.append((began, ended))
    return tuple(merged)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A part of a run.

    Attributes:
        level: Which kind of part.
        name: Its name within the part that it belongs to.
        figures: What it used and spent, its parts included.
        busy: When any of its improvements was under way, as far as that is on record; in order, without overlap.
        parts: What it is made of; none of a call.
        improver: The sha256 of the improver, of a use of one.
    """

    level: Level
    name: str
    figures: Figures
    busy: tuple[Interval, ...] = ()
    parts: tuple[Entry, ...] = ()
    improver: str | None = None

    @property
    def seconds(self) -> float | None:
        """How long any of it was under way, on the clock; of a call, how long it took; None where nobody knows."""
        if self.level == "call":
            return self.figures.call_seconds
        return sum((ended - began).total_seconds() for began, ended in self.busy) if self.busy else None

    def document(self) -> dict[str, Any]:
        """The entry with its parts, as data for JSON."""
        named = {"level": self.level, "name": self.name}
        if self.improver is not None:
            named["improver"] = self.improver
        parts = [part.document() for part in self.parts]
        return {**named, **self.figures.document(), "seconds": self.seconds, "parts": parts}


def ledger_of(record: RunRecord, store: Store) -> Entry:
    """The ledger of a recorded run of any kind but a series.

    Raises:
        StoreError: What is recorded of it cannot be read.
    """
    with as_written(f"what is recorded of {record.run_id}"):
        calls = _grouped(store.call_figures(record.run_id), lambda row: row.improvement_id)
        failed = _grouped(store.failed_calls(record.run_id), lambda call: call.improvement_id)
        names = _names(record, store)
        leaves = [
            _leaf(made, [*_calls(calls.get(made.id, [])), *_failed(failed.get(made.id, []))])
            for made in store.improvements(record.run_id)
        ]
        rounds = _rounds(leaves, names)
        rest = _rest(record.result, store.spent(record.run_id), _sum(rounds))
        return _entry("run", record.run_id, [*rounds, *rest])


def figures_by_model(record: RunRecord, store: Store) -> dict[str, Figures]:
    """What the calls on record of each model came to.

    Raises:
        StoreError: What is recorded of them cannot be read.
    """
    with as_written(f"what is recorded of {record.run_id}"):
        answered = _grouped(store.call_figures(record.run_id), lambda row: row.model)
        failed = _grouped(store.failed_calls(record.run_id), lambda call: call.spent["model"])
        return {
            model: _sum([*_calls(answered.get(model, [])), *_failed(failed.get(model, []))])
            for model in {**answered, **failed}
        }


@dataclass(frozen=True, kw_only=True)
class _Leaf:
    """An improvement with its place in the run."""

    round: str
    phase: str | None
    improver: str
    entry: Entry


def _leaf(made: ImprovementRecord, calls: Sequence[Entry]) -> _Leaf:
    match = _REPEAT.fullmatch(made.path)
    use, name = (match["use"] or "", match["repeat"]) if match else (made.path, made.task)
    round_name, _, phase = use.partition("/")
    if not phase and _ROUND.fullmatch(round_name):
        phase = ITSELF
    figures = _own_figures(made, _sum(calls))
    busy = ((made.started_at, made.finished_at),) if made.started_at and made.finished_at else ()
    entry = Entry(level="repeat", name=name, figures=figures, busy=busy, parts=tuple(calls))
    return _Leaf(round=round_name, phase=phase or None, improver=made.improver, entry=entry)


def _own_figures(made: ImprovementRecord, calls: Figures) -> Figures:
    """What an improvement used: as it was counted, or where it did not end, what its calls on record come to."""
    counted = made.budget or {}
    return Figures(
        improvements=1,
        calls=counted.get("calls", calls.calls),
        samples=counted.get("responses", calls.samples),
        samples_known=counted.get("responses_known", calls.samples_known),
        uses=counted.get("utility_calls", 0),
        spending=calls.spending,
        is_counted=calls.is_counted,
        call_seconds=calls.call_seconds,
    )


def _calls(rows: Iterable[CallFigures]) -> list[Entry]:
    """An entry for each call; one with several messages is several rows."""
    by_call = _grouped(rows, lambda row: (row.improvement_id, row.request_sha256, row.ordinal))
    entries = []
    for number, of_call in enumerate(by_call.values(), start=1):
        documents = [row.tokens for row in of_call if row.tokens is not None]
        figures = Figures(
            calls=1,
            samples=sum(row.n_responses for row in of_call),
            samples_known=sum(document["samples_known"] for document in documents),
            spending=sum(map(spending_from, documents), NOTHING),
            is_counted=bool(documents),
            call_seconds=of_call[0].seconds,
        )
        entries.append(Entry(level="call", name=f"call {number}", figures=figures))
    return entries


def _failed(calls: Iterable[FailedCall]) -> Iterator[Entry]:
    """Yields an entry for each call that was not answered, as far as something is counted of it."""
    for number, call in enumerate(calls, start=1):
        spending = spending_from(call.spent)
        figures = Figures(calls=1, spending=spending, is_counted=True, call_seconds=spending.seconds)
        yield Entry(level="call", name=f"failed call {number}", figures=figures)


def _rounds(leaves: Sequence[_Leaf], names: Mapping[str, str]) -> list[Entry]:
    """The rounds by number, then what comes beside them in the order in which it began."""
    by_round = _grouped(leaves, lambda leaf: leaf.round)
    return [_entry("round", name, _phases(by_round[name], names)) for name in sorted(by_round, key=_place)]


def _place(name: str) -> float:
    number = _ROUND.fullmatch(name)
    return int(number[1]) if number else math.inf


def _phases(leaves: Sequence[_Leaf], names: Mapping[str, str]) -> list[Entry]:
    entries: list[Entry] = []
    for phase, of_phase in _grouped(leaves, lambda leaf: leaf.phase).items():
        improvers = [
            _entry("improver", names.get(sha256, sha256[:12]), [leaf.entry for leaf in own], improver=sha256)
            for sha256, own in _grouped(of_phase, lambda leaf: leaf.improver).items()
        ]
        entries += improvers if phase is None else [_entry("phase", phase, improvers)]
    return entries


def _rest(result: Mapping[str, Any] | None, exchanged: Spending, on_record: Figures) -> list[Entry]:
    """What the run used that no improvement or call on record does.

    Args:
        result: The document of the run, which says what it used; None of a run that did not come so far.
        exchanged: What its exchanges on record cost, which is all that is known of such a run.
        on_record: What its improvements and their calls come to.
    """
    document = result if result is not None and "budget" in result else {"budget": {}, "spending": None}
    elsewhere = document.get("downstream", {}).get("used", {})
    used = {name: count + elsewhere.get(name, 0) for name, count in document["budget"].items()}
    told = document.get("spending")
    spent = spending_from(told) if told else exchanged
    # Some of it may be on record for calls, and not for exchanges: of models that are no provider's.
    is_counted = spent.tokens > on_record.spending.tokens or spent.n_unpriced > on_record.spending.n_unpriced
    rest = Figures(
        calls=used.get("calls", on_record.calls) - on_record.calls,
        samples=used.get("responses", on_record.samples) - on_record.samples,
        uses=used.get("utility_calls", on_record.uses) - on_record.uses,
        samples_known=(told["samples_known"] - on_record.samples_known) if told else 0,
        spending=(spent - on_record.spending) if told or is_counted else NOTHING,
        is_counted=is_counted,
    )
    return [] if rest == Figures() else [Entry(level="round", name=IN_NO_CALL, figures=rest)]


def _names(record: RunRecord, store: Store) -> dict[str, str]:
    """What improvers are called, by sha256: as a person knows them, or by the round after which they stand."""
    names = {made.improver: f"improver of round {made.round}" for made in reversed(store.rounds(record.run_id))}
    names |= {sha256: part for part, sha256 in record.config.get("improvers", {}).items()}
    return names | {sha256_of(bundled_improver(name)): name for name in bundled_improver_names()}


def _entry(level: Level, name: str, parts: Sequence[Entry], *, improver: str | None = None) -> Entry:
    busy = _merged(interval for part in parts for interval in part.busy)
    return Entry(level=level, name=name, figures=_sum(parts), busy=busy, parts=tuple(parts), improver=improver)


def _sum(entries: Iterable[Entry]) -> Figures:
    return sum((entry.figures for entry in entries), Figures())


def _grouped(items: Iterable[Part], key: Callable[[Part], Any]) -> dict[Any, list[Part]]:
    """Items by key, in the order in which the keys came."""
    groups: dict[Any, list[Part]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups
