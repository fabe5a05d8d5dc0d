"""What is on record of a run: for a life that goes on with it, and for what memory no longer holds.

An improver is any program, so its state cannot be kept; but all that it learns comes from the engine and is on record
before it learns of it. So it is started again and answered from the record until that is used up. What had ended is
not started again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec

from selftaught.budget import Usage
from selftaught.engine import Assignment, Ended, Past
from selftaught.errors import Outcome, StoreError, Violation
from selftaught.improver import Asked, Begun, Improvement, Response
from selftaught.ledger import NOTHING, Spending, spending_from
from selftaught.source import sha256_of
from selftaught.store import (
    CallFigures,
    EvaluationRecord,
    FailedCall,
    ImprovementKey,
    JournalEntry,
    Store,
    ViolationRecord,
    as_written,
)
from selftaught.task_definition import Task
from selftaught.utility import Draw, Evaluation
from selftaught.worker.messages import UtilityRequest, UtilityResponse

Named = tuple[str, str, str, str]
"""By what improvements are told apart: path, improver, task, initial solution."""


class StoredPast(Past):
    """The past of a run, from the store. What is recalled is what was there when this was made."""

    def __init__(self, store: Store, run_id: str) -> None:
        self._store = store
        self._run_id = run_id
        self._improvements: dict[Named, list[ImprovementKey]] = defaultdict(list)
        for key in store.improvement_keys(run_id):
            self._improvements[key.path, key.improver, key.task, key.initial].append(key)
        self._n_evaluations = store.counts(run_id)["evaluations"]
        self._last_evaluation = store.last_evaluation(run_id)
        self._recalled: set[int] = set()
        self._of_nobody: list[ViolationRecord] = []
        self._of_improvements: dict[str, list[ViolationRecord]] = defaultdict(list)
        for record in store.violations(run_id):
            if record.improvement_id is None:
                self._of_nobody.append(record)
            else:
                self._of_improvements[record.improvement_id].append(record)

    def violations(self) -> Sequence[Violation]:
        """What solutions and tasks tried and may not."""
        return [_violation(record) for record in self._of_nobody]

    def has_tried(self, task: Task, violation: Violation) -> bool:
        """Whether it is on record that a task's own code tried something."""
        program = sha256_of(task.utility_source)
        tried = (program, violation.kind, violation.detail)
        return any((record.program, record.kind, record.detail) == tried for record in self._of_nobody)

    def finished(self, assignment: Assignment) -> Ended | None:
        """How an improvement ended; None if it did not."""
        on_record = self._improvements.get(_named(assignment), [])
        for key in on_record:
            if key.outcome is not None:
                on_record.remove(key)
                return Ended(improvement=self._improvement(key), valued=self._valued(key.id))
        return None

    def begun(self, assignment: Assignment) -> tuple[str, Begun] | None:
        """The id under which an improvement is recorded that did not end, and what is on record of it.

        One that was given up and begun anew is there twice; the one that came further goes on.
        """
        on_record = self._improvements.get(_named(assignment), [])
        if not on_record:
            return None
        known = {key.id: self._begun(key.id) for key in on_record}
        furthest = max(reversed(on_record), key=lambda key: len(known[key.id].exchanges))
        on_record.remove(furthest)
        return furthest.id, known[furthest.id]

    def evaluation(self, task: Task, draw: Draw, solution: str) -> Evaluation | None:
        """How a solution did on a draw, without what it tried, which `violations` has."""
        record = self._store.evaluation(self._run_id, sha256_of(solution), task.name, draw.split, draw.key)
        if record is None or record.id in self._recalled or _id(record) > self._last_evaluation:
            return None
        self._recalled.add(_id(record))
        return _evaluation(record)

    def rest(self) -> tuple[Usage, Sequence[Violation]]:
        """What was used and tried in what nobody has recalled; nothing when asked again."""
        used, violations = Usage(evaluations=self._n_evaluations - len(self._recalled)), list[Violation]()
        self._n_evaluations = len(self._recalled)
        for key in (key for keys in self._improvements.values() for key in keys):
            used.add(self._begun(key.id).usage() if key.outcome is None else self._improvement(key).usage)
            violations += map(_violation, self._of_improvements[key.id])
        self._improvements.clear()
        return used, violations

    def _improvement(self, key: ImprovementKey) -> Improvement:
        return _improvement(self._store, self._run_id, key, self._of_improvements[key.id])

    def _valued(self, improvement_id: str) -> list[str]:
        uses = self._store.journal(self._run_id, improvement_id, method=UtilityRequest.__name__)
        exchanges = map(_exchange, uses)
        return [
            asked.solution
            for asked, response in exchanges
            if isinstance(asked, UtilityRequest) and isinstance(response, UtilityResponse)
        ]

    def _begun(self, improvement_id: str) -> Begun:
        figures = self._store.call_figures(self._run_id, improvement_id)
        ordinals = defaultdict[str, set[int]](set)
        for call in figures:
            ordinals[call.request_sha256].add(call.ordinal)
        with as_written(f"what is recorded of {self._run_id}"):
            spending, samples_known = _spent(figures, self._store.failed_calls(self._run_id, improvement_id))
        return Begun(
            exchanges=[_exchange(entry) for entry in self._store.journal(self._run_id, improvement_id)],
            ordinals=ordinals,
            spending=spending,
            samples_known=samples_known,
        )


def evaluation_on_record(store: Store, run_id: str, task: Task, draw: Draw, solution: str) -> Evaluation | None:
    """How a solution did on a draw, in whichever life of the run, without what it tried; None if that is not known."""
    record = store.evaluation(run_id, sha256_of(solution), task.name, draw.split, draw.key)
    return None if record is None else _evaluation(record)


def _evaluation(record: EvaluationRecord) -> Evaluation:
    return Evaluation(
        outcome=record.outcome,
        message=record.message,
        value=record.value,
        scores=tuple(record.scores),
        cpu_seconds=record.cpu_seconds or 0.0,
    )


def improvement_on_record(store: Store, run_id: str, assignment: Assignment) -> Improvement | None:
    """How an improvement ended, in whichever life of the run; None if that is not on record."""
    named = _named(assignment)
    for key in store.improvement_keys(run_id, assignment.scope):
        if (key.path, key.improver, key.task, key.initial) == named and key.outcome is not None:
            tried = [record for record in store.violations(run_id) if record.improvement_id == key.id]
            return _improvement(store, run_id, key, tried)
    return None


def _improvement(store: Store, run_id: str, key: ImprovementKey, tried: Sequence[ViolationRecord]) -> Improvement:
    record = store.improvement(key.id)
    with as_written(f"what is recorded of {run_id}"):
        spending, samples_known = _spent(store.call_figures(run_id, key.id), store.failed_calls(run_id, key.id))
        counts = _counts(record.budget)
        counts["responses_known"] = samples_known
    return Improvement(
        outcome=record.outcome or Outcome.BAD_OUTPUT,
        message=record.message,
        solution=None if record.result is None else store.program(record.result).source,
        usage=Usage(**counts, spending=spending),
        violations=tuple(map(_violation, tried)),
    )


def _counts(recorded: Any) -> dict[str, Any]:
    """What an improvement used of its budget, as it was counted."""
    if recorded is None:
        return {}
    counts = {name: count for name, count in recorded.items() if name in Usage().counts()}
    if not all(type(count) is int and count >= 0 for count in counts.values()):
        raise ValueError("what was used of a budget are whole numbers from 0")
    return counts


def _named(assignment: Assignment) -> Named:
    improver, initial = sha256_of(assignment.improver), sha256_of(assignment.initial_solution)
    return assignment.scope, improver, assignment.task, initial


def _exchange(entry: JournalEntry) -> tuple[Asked, Response]:
    try:
        return msgspec.convert(entry.request, Asked), msgspec.convert(entry.response, Response)
    except msgspec.ValidationError as error:
        raise StoreError(
            f"the journal holds what selftaught did not write ({error}): use a copy of the store that is whole"
        ) from None


def _spent(figures: Sequence[CallFigures], failed: Sequence[FailedCall]) -> tuple[Spending, int]:
    """What calls cost, those that failed included, and how many samples cost nothing."""
    documents = [call.tokens for call in figures if call.tokens is not None]
    known = sum(int(document.get("samples_known", 0)) for document in documents)
    return sum(map(spending_from, [*documents, *(call.spent for call in failed)]), NOTHING), known


def _id(record: EvaluationRecord) -> int:
    assert record.id is not None, "it comes from the store"
    return record.id


def _violation(record: ViolationRecord) -> Violation:
    assert record.created_at is not None, "it comes from the store"
    return Violation(kind=record.kind, detail=record.detail, count=record.count, at=record.created_at)
