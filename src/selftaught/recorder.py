"""Writes what the engine does into the store, each thing before anyone learns of it."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from selftaught.engine import META, Assignment, Recorder
from selftaught.errors import Violation
from selftaught.improver import Improvement
from selftaught.ledger import NOTHING, spending_document
from selftaught.models import CallFailed, Reply, Request
from selftaught.past import evaluation_on_record, improvement_on_record
from selftaught.recursion import Round
from selftaught.source import sha256_of
from selftaught.statistics import Estimate
from selftaught.store import (
    EvaluationRecord,
    ImprovementRecord,
    JournalEntry,
    ModelCallRecord,
    NoticeRecord,
    RoundRecord,
    Store,
    ViolationRecord,
)
from selftaught.store.records import ProgramKind
from selftaught.task_definition import Task
from selftaught.utility import Draw, Evaluation


class StoreRecorder(Recorder):
    """A `Recorder` of one run, over a store.

    What belongs together is written together: a call of the model and the exchange that it is part of, the end of an
    improvement or an evaluation and what was tried in it. So whoever resumes a run finds both, or neither.

    Args:
        store: The store.
        run_id: The run's.
        model: What answers prompts, by name.
        inner_model: What answers those of improvements of solutions, where that is another.
        rounds: Those that are on record already; one that comes out the same stays as it is.
        on_notice: Told every notice.
    """

    def __init__(
        self,
        store: Store,
        run_id: str,
        model: str,
        inner_model: str | None = None,
        *,
        rounds: Sequence[RoundRecord] = (),
        on_notice: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._store = store
        self._run_id = run_id
        self._models: dict[ProgramKind, str] = {"improver": model, "solution": inner_model or model}
        self._sequence: Counter[str] = Counter()
        self._improves: dict[str, tuple[ProgramKind, str]] = {}
        self._calls: dict[str, list[ModelCallRecord]] = defaultdict(list)
        self._rounds = {made.round: made for made in rounds}
        self._on_notice = on_notice

    def improvement_started(self, assignment: Assignment) -> str:
        """The id under which the improvement is recorded."""
        improvement_id = uuid.uuid4().hex
        kind, improver = self._note(improvement_id, assignment)
        self._store.start_improvement(
            ImprovementRecord(
                id=improvement_id,
                run_id=self._run_id,
                path=assignment.scope,
                improver=improver,
                task=assignment.task,
                split="validation",
                key=assignment.scope,
                initial=self._store.add_program(assignment.initial_solution, kind),
            )
        )
        return improvement_id

    def improvement_resumed(self, improvement_id: str, assignment: Assignment, n_exchanges: int) -> None:
        """Notes that an improvement goes on that is recorded under that id, with so many exchanges."""
        self._note(improvement_id, assignment)
        self._sequence[improvement_id] = n_exchanges

    def _note(self, improvement_id: str, assignment: Assignment) -> tuple[ProgramKind, str]:
        kind: ProgramKind = "improver" if assignment.task == META else "solution"
        self._improves[improvement_id] = kind, self._store.add_program(assignment.improver, "improver")
        return self._improves[improvement_id]

    def improvement_finished(self, improvement_id: str, improvement: Improvement) -> None:
        """Records how an improvement ended."""
        (kind, improver), result = self._improves.pop(improvement_id), None
        del self._sequence[improvement_id]
        if improvement.solution is not None:
            result = self._store.add_program(improvement.solution, kind)
        with self._store.together():
            self._store.finish_improvement(
                improvement_id,
                outcome=improvement.outcome,
                message=improvement.message,
                result=result,
                budget=improvement.usage.counts(),
            )
            self._add_violations(improvement.violations, improver, improvement_id)

    def notice(self, improvement_id: str, kind: str, detail: str) -> None:
        """Records what a person should know of how an improvement went."""
        self._store.add_notice(
            NoticeRecord(run_id=self._run_id, improvement_id=improvement_id, kind=kind, detail=detail)
        )
        self._on_notice(detail)

    def task_tried(self, task: Task, violations: tuple[Violation, ...]) -> None:
        """Records what a task's own code tried and may not."""
        self._add_violations(violations, self._store.add_program(task.utility_source, "task"))

    async def call(self, improvement_id: str, request: Request, reply: Reply, seconds: float) -> None:
        """Records a call of the model as it was sent, one row for each message; the first one's says what it spent.

        It is written with the exchange that it is part of, which comes next.
        """
        kind, _ = self._improves[improvement_id]
        is_counted = reply.spending != NOTHING or reply.n_known > 0
        spent = spending_document(reply.spending, samples_known=reply.n_known) if is_counted else None
        for index, message in enumerate(request.messages):
            first = index * request.n_responses
            self._calls[improvement_id].append(
                ModelCallRecord(
                    run_id=self._run_id,
                    improvement_id=improvement_id,
                    model=self._models[kind],
                    request_sha256=request.sha256,
                    ordinal=request.ordinal,
                    expertise=request.expertise if reply.system_message is None else reply.system_message,
                    message=message,
                    temperature=request.temperature,
                    n_responses=request.n_responses,
                    answers=reply.texts[first : first + request.n_responses],
                    tokens=spent if index == 0 else None,
                    key=reply.keys[index] if reply.keys else None,
                    seconds=seconds,
                )
            )

    async def exchange(
        self, improvement_id: str, method: str, request: Any, response: Any, failed: CallFailed | None
    ) -> None:
        """Records a request of an improver and the response to it; and what a call cost that was not answered.

        Returns when that is durable.
        """
        entry = JournalEntry(
            run_id=self._run_id,
            improvement_id=improvement_id,
            sequence=self._sequence[improvement_id],
            method=method,
            request=msgspec.to_builtins(request),
            response=msgspec.to_builtins(response),
            spent=self._spent_on(failed, improvement_id),
        )
        with self._store.together():
            for call in self._calls.pop(improvement_id, ()):
                self._store.add_model_call(call)
            self._store.add_journal_entry(entry)
        self._sequence[improvement_id] += 1
        await self._store.committed()

    async def evaluation(self, task: Task, draw: Draw, solution: str, evaluation: Evaluation) -> None:
        """Records an evaluation that was really run."""
        program = self._store.add_program(solution, "solution")
        record = EvaluationRecord(
            run_id=self._run_id,
            program=program,
            task=task.name,
            split=draw.split,
            key=draw.key,
            outcome=evaluation.outcome,
            message=evaluation.message,
            value=evaluation.value,
            scores=evaluation.scores,
            n=task.n_instances(draw.split),
            cpu_seconds=evaluation.cpu_seconds,
        )
        with self._store.together():
            self._store.add_evaluation(record)
            self._add_violations(evaluation.violations, program)

    async def improvement_on_record(self, assignment: Assignment) -> Improvement | None:
        """How an improvement ended, whenever that was; None if that is not on record."""
        await self._store.committed()
        return improvement_on_record(self._store, self._run_id, assignment)

    async def evaluation_on_record(self, task: Task, draw: Draw, solution: str) -> Evaluation | None:
        """How a solution did on a draw, whenever that was; None if that is not on record."""
        await self._store.committed()
        return evaluation_on_record(self._store, self._run_id, task, draw, solution)

    async def round(self, made: Round, test: Estimate, budget: dict[str, Any]) -> None:
        """Records a round; returns when it is durable."""
        proposal = made.improvement.solution if made.improvement is not None else None
        for improver in filter(None, (made.improver, made.parent, proposal)):
            self._store.add_program(improver, "improver")
        record = RoundRecord(
            run_id=self._run_id,
            round=made.number,
            improver=sha256_of(made.improver),
            candidate=sha256_of(proposal) if proposal is not None else None,
            parent=sha256_of(made.parent) if made.parent is not None else None,
            accepted=made.accepted,
            validation=made.proposal_validation.mean if made.proposal_validation else made.validation.mean,
            incumbent_validation=made.parent_validation.mean if made.parent_validation else None,
            test_mean=test.mean,
            test_low=test.low,
            test_high=test.high,
            test_n=test.n,
            budget=budget,
        )
        if not _is_same(record, self._rounds.get(made.number)):
            self._store.add_round(record)
        await self._store.committed()

    def _spent_on(self, failed: CallFailed | None, improvement_id: str) -> dict[str, Any] | None:
        if failed is None or failed.spending == NOTHING:
            return None
        kind, _ = self._improves[improvement_id]
        return {**spending_document(failed.spending), "model": self._models[kind], "keys": list(failed.keys)}

    def _add_violations(
        self, violations: tuple[Violation, ...], program: str, improvement_id: str | None = None
    ) -> None:
        for violation in violations:
            self._store.add_violation(
                ViolationRecord(
                    run_id=self._run_id,
                    improvement_id=improvement_id,
                    program=program,
                    kind=violation.kind,
                    detail=violation.detail,
                    count=violation.count,
                    created_at=violation.at,
                )
            )


def _is_same(made: RoundRecord, on_record: RoundRecord | None) -> bool:
    """Whether a round is on record as it came out now; how much had been used by then is not compared."""
    return (
        on_record is not None and replace(made, budget=on_record.budget, created_at=on_record.created_at) == on_record
    )
