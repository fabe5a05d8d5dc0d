"""`Store`: the only door to the database. Enqueue records, await `committed()`, ask.

The `add_`, `start_` and `finish_` methods return at once; one thread writes what they enqueued, in order
(`writer.py`). What must be durable before the next step is made so by `await store.committed()`. Every query first
makes durable what this store was given, so it sees it. Several processes may use one store at once.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import threading
import warnings
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Executable, Table

from selftaught.errors import Outcome, StoreError, StoreWarning
from selftaught.ledger import Spending
from selftaught.store import documents, integrity, processes, queries, rows, schema
from selftaught.store.database import BUSY_SECONDS, Database
from selftaught.store.records import (
    AnswerRecord,
    CallFigures,
    EvaluationRecord,
    ExchangeRecord,
    FailedCall,
    ImprovementKey,
    ImprovementRecord,
    JournalEntry,
    ModelCallRecord,
    NoticeRecord,
    ProgramKind,
    ProgramRecord,
    ReservationRecord,
    RoundRecord,
    RunRecord,
    RunStart,
    RunStatus,
    RunSummary,
    ViolationRecord,
    check_value,
    sha256_of,
)
from selftaught.store.statements import Statements
from selftaught.store.writer import Writer

Answer = TypeVar("Answer")

MAX_KNOWN = 5_000
"""Texts and programs that are known to be stored; then they are forgotten, and storing one again changes nothing."""


@dataclass(frozen=True, slots=True)
class Change:
    """One row to insert or to update.

    Attributes:
        rank: Lower ranks are written first within a batch, so that what a row points to is there.
        updates: Whether it changes a row that has to be there already.
    """

    rank: int
    statement: Executable
    row: dict[str, Any]
    updates: bool = False


class _Gathered(threading.local):
    """What this thread adds within `Store.together`; None outside of it."""

    changes: list[Change] | None = None


class Store:
    """The records of all runs, in one database.

    Use it as a context manager, or close it: closing writes what is pending.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._statements = Statements(database.engine.dialect.name)
        self._writer: Writer[Change] = Writer(self._write)
        self._known: set[str] = set()
        self._gathered = _Gathered()
        self._close = weakref.finalize(self, _close, self._writer, database)

    @classmethod
    def open(
        cls,
        location: str | Path,
        *,
        read_only: bool = False,
        clock: Callable[[], datetime],
        busy_seconds: float = BUSY_SECONDS,
    ) -> Store:
        """The store at `location`, created or migrated if need be.

        Args:
            location: A path of an SQLite file, or a database URL.
            read_only: Nothing is created, migrated or written: for the commands that only show.
            clock: Returns the moment, with a time zone.
            busy_seconds: How long to wait for another process that is writing.

        Raises:
            StoreError: It cannot be opened so; one sentence with the mend.
        """
        database = Database(location, read_only=read_only, busy_seconds=busy_seconds)
        for warning in database.warnings:
            warnings.warn(warning, StoreWarning, stacklevel=2)
        return cls(database, clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
            return
        # What is under way already says more than a failure to close.
        with suppress(StoreError):
            self.close()

    @property
    def location(self) -> str:
        """Where it is, to show to a person: a path, or a URL without its password."""
        return self._database.name

    @property
    def shortage(self) -> str | None:
        """Why nothing should be paid for whose result has to be stored, with the mend; None where there is room."""
        return self._database.shortage

    # Writing

    async def committed(self) -> None:
        """Nothing; returns when everything enqueued so far is durable.

        Raises:
            StoreError: It could not be written. It is kept, and tried again when next asked for.
        """
        future = self._writer.committed()
        if future.done():
            future.result()
        else:
            await asyncio.wrap_future(future)

    def flush(self) -> None:
        """Nothing; `committed`, blocking."""
        self._writer.committed().result()

    def close(self) -> None:
        """Nothing; writes what is pending and lets go of the database. Closing twice is allowed.

        Raises:
            StoreError: Something could not be written.
        """
        self._close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Nothing; what is recorded within becomes durable all at once, so that no reader and no end falls between.

        Programs and texts are there before. Nothing is recorded if the block raises; a block within a block is part of
        it. Not to be awaited in.
        """
        if self._gathered.changes is not None:
            yield
            return
        gathered = self._gathered.changes = []
        try:
            yield
        finally:
            self._gathered.changes = None
        if gathered:
            self._writer.put(*gathered)

    def new_run_id(self) -> str:
        """An id for a run that begins now, such as `r-20261121-052233-ab12`."""
        return f"r-{self._clock():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"

    def start_run(self, run: RunStart) -> None:
        """Nothing; records a run of this process with the status "running"."""
        values = {
            **_values(run),
            "status": "running",
            "process": processes.identity(),
            "created_at": self._clock(),
            "message": "",
        }
        self._insert(schema.runs, values)

    def resume_run(self, run_id: str, changes: Mapping[str, Any] | None = None, *, take_over: bool = False) -> None:
        """Nothing; makes a recorded run one of this process, with the status "running" again. Durable at once.

        A notice says so.

        Args:
            run_id: A run that is not finished; of several processes that try, one succeeds.
            changes: Settings that are others from now on, by name.
            take_over: Also where its process cannot be seen from here, and may still be there.

        Raises:
            ConfigError: It is finished, or its process may still be there.
        """
        self.flush()
        with self._database.writing() as connection:
            queries.check_resumable(connection, run_id, take_over=take_over)
            seen = queries.run(connection, run_id)
            values = {
                "run_id": run_id,
                "status": "running",
                "process": processes.identity(),
                "config": {**seen.config, **(changes or {})},
                "finished_at": None,
                "message": "",
            }
            _execute(connection, [self._change(schema.runs, values)])
        ended = f"{seen.status}: {seen.message}" if seen.message else seen.status
        self.add_notice(
            NoticeRecord(run_id=run_id, kind=queries.RESUMED, detail=f"it had ended ({ended}) and was taken up again")
        )
        self.flush()

    def finish_run(
        self, run_id: str, *, status: RunStatus, result: Mapping[str, Any] | None = None, message: str = ""
    ) -> None:
        """Nothing; records how a run ended.

        Args:
            result: The document of `run --json`.
            message: One sentence; empty if it is finished.
        """
        self._update_run(run_id, status=status, result=result, message=message, finished_at=self._clock())

    def _update_run(self, run_id: str, **values: Any) -> None:
        self._enqueue(self._change(schema.runs, {"run_id": run_id, **values}))

    def add_program(self, source: str, kind: ProgramKind) -> str:
        """The sha256 of `source`, which is stored once. Add a program before the rows that name it."""
        sha256 = self._keep_text(source)
        if (known := f"program {sha256}") not in self._known:
            self._insert(schema.programs, {"sha256": sha256, "kind": kind, "created_at": self._clock()})
            self._note(known)
        return sha256

    def add_round(self, record: RoundRecord) -> None:
        """Nothing; records a round, in place of an earlier record of the same round of the run."""
        self._add(schema.rounds, record)

    def start_improvement(self, record: ImprovementRecord) -> None:
        """Nothing; records that an improvement begins. One that is recorded already, as in a resumed run, stays."""
        self._add(schema.improvements, record, moment="started_at")

    def finish_improvement(
        self,
        improvement_id: str,
        *,
        outcome: Outcome,
        message: str = "",
        result: str | None = None,
        value: float | None = None,
        budget: Mapping[str, Any] | None = None,
    ) -> None:
        """Nothing; records how an improvement ended.

        Args:
            result: The sha256 of the solution that was returned.
            value: What that solution is worth, if it is known; only with the outcome `ok`.
            budget: What was used of it.
        """
        check_value(outcome, value)
        values: dict[str, Any] = {"result": result, "outcome": outcome, "message": message, "value": value}
        values |= {"budget": budget, "finished_at": self._clock()}
        self._enqueue(self._change(schema.improvements, {"id": improvement_id, **values}))

    def add_evaluation(self, record: EvaluationRecord) -> None:
        """Nothing; records an evaluation."""
        self._add(schema.evaluations, record)

    def add_model_call(self, record: ModelCallRecord) -> None:
        """Nothing; records a call of the language model with its answers."""
        self._add(schema.model_calls, record)

    def add_journal_entry(self, record: JournalEntry) -> None:
        """Nothing; records a remote call of an improver with the engine's answer.

        Raises:
            TypeError: The request or the response is not plain data.
        """
        self._add(schema.journal, record)

    def add_violation(self, record: ViolationRecord) -> None:
        """Nothing; records a violation."""
        self._add(schema.violations, record)

    def add_notice(self, record: NoticeRecord) -> None:
        """Nothing; records what a person should know of how a run went."""
        self._add(schema.notices, record)

    def add_exchange(self, exchange: ExchangeRecord, answers: Sequence[AnswerRecord]) -> None:
        """Nothing; records an exchange with a language model, and the samples that it brought.

        Where another process has kept a sample under the same key already, that one stays.
        """
        with self.together():
            self._add(schema.exchanges, exchange)
            for answer in answers:
                self._insert(schema.answers, _values(answer))

    def add_reservation(self, record: ReservationRecord) -> None:
        """Nothing; records what is sent next, and may cost."""
        self._add(schema.reservations, record)

    def settle_reservation(self, reservation_id: str, *, is_counted: bool) -> None:
        """Nothing; of what was reserved an exchange tells, which should be written together with this.

        Args:
            reservation_id: Which.
            is_counted: Whether it is known what it cost.
        """
        values = {"id": reservation_id, "is_counted": is_counted, "is_told": True}
        self._enqueue(self._change(schema.reservations, values))

    def _add(self, table: Table, record: Any, moment: str = "created_at") -> None:
        values = _values(record)
        if values[moment] is None:
            values[moment] = self._clock()
        if values.get("id", "") is None:
            del values["id"]
        self._insert(table, values)

    def _insert(self, table: Table, values: Mapping[str, Any]) -> None:
        self._put(table, rows.to_row(table, values, self._keep_text))

    def _put(self, table: Table, row: dict[str, Any]) -> None:
        change = Change(self._statements.rank(table), self._statements.insert(table), row)
        if table in (schema.texts, schema.programs):
            self._writer.put(change)  # others may point to it from now on
        else:
            self._enqueue(change)

    def _change(self, table: Table, values: Mapping[str, Any]) -> Change:
        """What sets columns of the row whose key is the first of `values`."""
        statement = self._statements.update(table, list(values)[1:])
        row = rows.to_row(table, values, self._keep_text)
        renamed = {f"new_{name}": value for name, value in row.items()}
        return Change(self._statements.last_rank, statement, renamed, updates=True)

    def _enqueue(self, change: Change) -> None:
        if self._gathered.changes is None:
            self._writer.put(change)
        else:
            self._gathered.changes.append(change)

    def _keep_text(self, text: str) -> str:
        """The sha256 of `text`, which is enqueued for `texts` unless this store has done so before."""
        sha256 = sha256_of(text)
        if sha256 not in self._known:
            row = {"sha256": sha256, "text": documents.escape(text)}
            self._put(schema.texts, row)
            # Only now: a second thread that needs the text must not come before it.
            self._note(sha256)
        return sha256

    def _note(self, known: str) -> None:
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known.add(known)

    def _write(self, batch: Sequence[Change]) -> None:
        """Nothing; writes a batch in one transaction. Called by the writer's thread."""
        ordered = sorted(batch, key=lambda change: change.rank)
        with self._database.writing() as connection:
            for _, group in itertools.groupby(ordered, key=lambda change: id(change.statement)):
                _execute(connection, list(group))

    # Reading

    def runs(self) -> list[RunSummary]:
        """Every run, the newest first."""
        return self._ask(queries.runs)

    def run(self, name: str) -> RunRecord:
        """The run with that id, or the only one whose id begins so.

        Raises:
            ConfigError: There is none, or more than one; the message has the nearest ids.
        """
        return self._ask(lambda connection: queries.run(connection, name))

    def rounds(self, run_id: str) -> list[RoundRecord]:
        """The rounds of a run, in order."""
        return self._ask(lambda connection: queries.rounds(connection, run_id))

    def improvements(self, run_id: str) -> list[ImprovementRecord]:
        """The improvements of a run, in the order in which they were started."""
        return self._ask(lambda connection: queries.improvements(connection, run_id))

    def improvement_keys(self, run_id: str, path: str | None = None) -> list[ImprovementKey]:
        """By what the improvements of a run are told apart, in the order in which they were started.

        Of one path, if that is given.
        """
        return self._ask(lambda connection: queries.improvement_keys(connection, run_id, path))

    def improvement(self, improvement_id: str) -> ImprovementRecord:
        """The improvement with that id, which has to be there."""
        return self._ask(lambda connection: queries.improvement(connection, improvement_id))

    def last_evaluation(self, run_id: str) -> int:
        """The id of the last evaluation of a run, 0 if there is none; those that come later have larger ones."""
        return self._ask(lambda connection: queries.last_evaluation(connection, run_id))

    def evaluation(self, run_id: str, program: str, task: str, split: str, key: str) -> EvaluationRecord | None:
        """The evaluation of a program on a draw in a run, if it is durable; what is pending is not waited for."""
        with self._database.reading() as connection:
            return queries.evaluation(connection, run_id, program, task, split, key)

    def seconds_worked(self, run_id: str) -> float:
        """How long a run has been at work in all of its lives; of one that was killed, until what it recorded last."""
        return self._ask(lambda connection: queries.seconds_worked(connection, run_id))

    def evaluations(self, run_id: str, improvement_id: str | None = None) -> list[EvaluationRecord]:
        """The evaluations of a run, or of one improvement of it, in order."""
        return self._ask(lambda connection: queries.evaluations(connection, run_id, improvement_id))

    def model_calls(self, run_id: str, improvement_id: str | None = None) -> list[ModelCallRecord]:
        """The model calls of a run, or of one improvement of it, in order."""
        return self._ask(lambda connection: queries.model_calls(connection, run_id, improvement_id))

    def call_figures(self, run_id: str, improvement_id: str | None = None) -> list[CallFigures]:
        """What is counted of each row of the model calls of a run, or of one improvement of it; no text is read."""
        return self._ask(lambda connection: queries.call_figures(connection, run_id, improvement_id))

    def model_answers(self, request_sha256: str, ordinal: int) -> ModelCallRecord | None:
        """The first call stored under that request and ordinal, by whichever run; None if it was never made."""
        return self._ask(lambda connection: queries.model_answers(connection, request_sha256, ordinal))

    def calls_like(self, run_id: str, request_sha256: str, ordinal: int) -> list[ModelCallRecord]:
        """The calls of a run with that request and ordinal, whichever improvements made them, in order.

        What is pending is not waited for.
        """
        with self._database.reading() as connection:
            return queries.calls_like(connection, run_id, request_sha256, ordinal)

    def refusals(self, run_id: str) -> list[JournalEntry]:
        """The journal entries of a run that may be refusals by a model, in order; others may be among them."""
        return self._ask(lambda connection: queries.refusals(connection, run_id))

    def ordinals(self, improvement_id: str, request_sha256: str) -> set[int]:
        """The ordinals of the answered calls of an improvement with that request."""
        return self._ask(lambda connection: queries.ordinals(connection, improvement_id, request_sha256))

    def journal(
        self, run_id: str, improvement_id: str | None = None, *, method: str | None = None
    ) -> list[JournalEntry]:
        """The journal of a run in the order of writing, or of one improvement of it in the order of its sequence.

        Of one method, if that is given.
        """
        return self._ask(lambda connection: queries.journal(connection, run_id, improvement_id, method))

    def violations(self, run_id: str) -> list[ViolationRecord]:
        """The violations of a run, in order."""
        return self._ask(lambda connection: queries.violations(connection, run_id))

    def notices(self, run_id: str) -> list[NoticeRecord]:
        """What a person should know of how a run went, in order."""
        return self._ask(lambda connection: queries.notices(connection, run_id))

    def exchanges(self, run_id: str) -> list[ExchangeRecord]:
        """The exchanges of a run with language models over the network, in order."""
        return self._ask(lambda connection: queries.exchanges(connection, run_id))

    def spent(self, run_id: str) -> Spending:
        """What all exchanges of a run have cost together."""
        return self._ask(lambda connection: queries.spent(connection, run_id))

    def failed_calls(self, run_id: str, improvement_id: str | None = None) -> list[FailedCall]:
        """What was paid for calls that were not answered, of a run or of one improvement of it, in order."""
        return self._ask(lambda connection: queries.failed_calls(connection, run_id, improvement_id))

    def reservations(self, run_id: str) -> list[ReservationRecord]:
        """What a run was going to send over the network, in order."""
        return self._ask(lambda connection: queries.reservations(connection, run_id))

    def uncounted(self, run_id: str) -> Spending:
        """What a run may have paid at the most for what it sent, and of which nobody knows what it cost.

        `n_unpriced` is how many of them had a price, and no exchange on record tells of them.
        """
        return self._ask(lambda connection: queries.uncounted(connection, run_id))

    def owed(self, run_id: str, key: str, kept_as: str) -> tuple[Spending, set[int]]:
        """What a run has paid under a key for a call that it has no record of, and the ordinals of the samples.

        Args:
            run_id: The run.
            key: Of what was asked.
            kept_as: The key under which its samples are kept.
        """
        with self._database.reading() as connection:
            return queries.owed(connection, run_id, key, kept_as)

    def answers(self, key: str) -> list[AnswerRecord]:
        """The durable samples under a key, in the order of their ordinals; for what is pending nobody waits."""
        with self._database.reading() as connection:
            return queries.answers(connection, key)

    def asked(self, key: str) -> list[dict[int, bool]]:
        """What the durable exchanges under a key asked for, as `ExchangeRecord.asked` says; none that failed."""
        with self._database.reading() as connection:
            return queries.asked(connection, key)

    def problems(self, at_most: int = 20) -> list[str]:
        """What is wrong with the store, a sentence each; empty where it is whole. Reads all of it."""
        return self._ask(lambda connection: list(itertools.islice(integrity.problems(connection), at_most)))

    def counts(self, run_id: str) -> dict[str, int]:
        """How many rows a run has in each of the tables that hold its parts, by the name of the table."""
        return self._ask(lambda connection: queries.counts(connection, run_id))

    def program(self, sha256: str) -> ProgramRecord:
        """The program with that sha256, or the only one whose sha256 begins so.

        Raises:
            StoreError: There is none, or more than one.
        """
        return self._ask(lambda connection: queries.program(connection, sha256))

    def programs(self, run_id: str) -> list[ProgramRecord]:
        """Every program that a run points to, sorted by sha256."""
        return self._ask(lambda connection: queries.programs_of_run(connection, run_id))

    def export(self, name: str) -> dict[str, Any]:
        """Everything about the run with that id, or the only one whose id begins so, as data for strict JSON.

        Raises:
            StoreError: There is no such run, or more than one.
        """
        return self._ask(lambda connection: queries.export(connection, queries.run_id_of(connection, name)))

    def _ask(self, question: Callable[[Connection], Answer]) -> Answer:
        if self._writer.busy:
            self.flush()
        with self._database.reading() as connection:
            return question(connection)


def _execute(connection: Connection, group: list[Change]) -> None:
    done = connection.execute(group[0].statement, [change.row for change in group])
    if group[0].updates and done.rowcount != len(group):
        raise StoreError("a run or an improvement was finished that was never started: report this")


def _values(record: Any) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in fields(record)}


def _close(writer: Writer[Change], database: Database) -> None:
    try:
        writer.close()
    finally:
        database.close()
