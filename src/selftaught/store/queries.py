"""What is read from the store, over a connection. Pure but for the connection."""

from __future__ import annotations

import difflib
import itertools
import json
from collections.abc import Iterable
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, Table, and_, func, select, union
from sqlalchemy.sql.elements import ColumnElement

from selftaught.errors import ConfigError, StoreError
from selftaught.ledger import SPENDING_FIELDS, Spending, spending_from
from selftaught.store import documents, processes, rows, schema
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
    ProgramRecord,
    ReservationRecord,
    RoundRecord,
    RunRecord,
    RunSummary,
    ViolationRecord,
    as_written,
    sha256_of,
)

Record = TypeVar("Record")
Summary = TypeVar("Summary", bound=RunSummary)

EXPORT_FORMAT = 1
PROCESS_IS_GONE = "its process is gone"
RESUMED = "resumed"
"""The kind of the notice with which each further life of a run begins."""
_NAMES_SHOWN = 5


def runs(connection: Connection) -> list[RunSummary]:
    """Every run, the newest first."""
    names = ("run_id", "status", "config", "isolation", "created_at", "finished_at", "message")
    query = _with_rounds(names).order_by(schema.runs.c.created_at.desc(), schema.runs.c.run_id.desc())
    summaries = rows.load(connection, query, schema.runs, RunSummary)
    gone = _gone(connection)
    return [_as_seen(summary, gone) for summary in summaries]


def run(connection: Connection, name: str) -> RunRecord:
    """The run with that id, or the only one whose id begins so."""
    run_id = run_id_of(connection, name)
    names = tuple(column.name for column in schema.runs.c if column.name != "process")
    query = _with_rounds(names).where(schema.runs.c.run_id == run_id)
    [record] = rows.load(connection, query, schema.runs, RunRecord)
    return _as_seen(record, _gone(connection))


def _with_rounds(names: tuple[str, ...]) -> Select[Any]:
    counted = (
        select(func.count())
        .select_from(schema.rounds)
        .where(schema.rounds.c.run_id == schema.runs.c.run_id)
        .scalar_subquery()
    )
    return select(*(schema.runs.c[name] for name in names), counted.label("rounds"))


def _gone(connection: Connection) -> set[str]:
    """The ids of the runs that say "running" and whose process has ended."""
    query = select(schema.runs.c.run_id, schema.runs.c.process).where(schema.runs.c.status == "running")
    with as_written("the table runs"):
        return {row.run_id for row in connection.execute(query) if processes.is_gone(documents.decode(row.process))}


def _as_seen(summary: Summary, gone: set[str]) -> Summary:
    if summary.run_id not in gone:
        return summary
    return replace(summary, status="interrupted", message=PROCESS_IS_GONE)


def check_resumable(connection: Connection, run_id: str, *, take_over: bool) -> None:
    """Nothing, if this process may go on with a run; the row is locked until the transaction ends.

    Raises:
        ConfigError: It is finished, or its process may still be there.
    """
    table = schema.runs
    query = select(table.c.status, table.c.process).where(table.c.run_id == run_id).with_for_update()
    row = connection.execute(query).one()
    if row.status == "finished":
        raise ConfigError(f"{run_id} is finished, there is nothing to go on with: `selftaught show {run_id}` shows it")
    process = documents.decode(row.process)
    if row.status != "running" or processes.is_gone(process):
        return
    if processes.is_alive(process):
        raise ConfigError(f"{run_id} is still running, as process {process['pid']}: wait for it, or end it first")
    if not take_over:
        raise ConfigError(
            f"{run_id} may still be running, on {process.get('host')!r:.80} or in another container, where this one "
            "cannot look: make sure that it has ended, then pass --take-over"
        )


def run_id_of(connection: Connection, name: str) -> str:
    """The id of the run with that id, or of the only one whose id begins so.

    Raises:
        ConfigError: There is none, or more than one; the message has the ids that look like it.
    """
    ids: list[str] = list(connection.scalars(select(schema.runs.c.run_id).order_by(schema.runs.c.created_at.desc())))
    if name in ids:
        return name
    matching = [run_id for run_id in ids if name and run_id.startswith(name)]
    if len(matching) == 1:
        return matching[0]
    if matching:
        raise ConfigError(f"{name!r} could be any of {_listed(matching)}: give more of the id")
    if not ids:
        raise ConfigError(f"there is no run {name!r}, and none at all in this store: start one with selftaught run")
    alike = difflib.get_close_matches(name, ids, n=_NAMES_SHOWN, cutoff=0.6)
    meant = f"did you mean {' or '.join(alike)}? " if alike else ""
    raise ConfigError(f"there is no run {name!r}: {meant}`selftaught runs` lists {'them all' if alike else 'the runs'}")


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_NAMES_SHOWN]) + (", …" if len(names) > _NAMES_SHOWN else "")


def program(connection: Connection, sha256: str) -> ProgramRecord:
    """The program with that sha256, or the only one whose sha256 begins so.

    Raises:
        StoreError: There is none, or more than one.
    """
    column = schema.programs.c.sha256
    prefix = documents.escape(sha256.lower())
    matching = and_(column >= prefix, column < prefix + "g")
    found = list(connection.scalars(select(column).where(matching).order_by(column).limit(_NAMES_SHOWN + 1)))
    if not found or not prefix:
        raise ConfigError(
            f"there is no program {sha256!r} in this store: selftaught show RUN names the programs of a run"
        )
    if len(found) > 1:
        raise ConfigError(
            f"{sha256!r} could be any of {_listed([name[:16] for name in found])}: give more of the sha256"
        )
    program = programs(connection, found)[0]
    if sha256_of(program.source) != program.sha256:
        raise StoreError(f"the program {program.sha256[:12]} was altered in the store: use a copy that is whole")
    return program


def programs(connection: Connection, hashes: Iterable[str]) -> list[ProgramRecord]:
    """The programs with those sha256, sorted by it; one that is not stored is left out."""
    wanted = sorted(set(hashes))
    table = schema.programs
    found: list[ProgramRecord] = []
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        sources = rows.load_texts(connection, part)
        query = select(table).where(table.c.sha256.in_(part)).order_by(table.c.sha256)
        with as_written("the table programs"):
            found += [
                ProgramRecord(
                    sha256=row.sha256,
                    source=sources[row.sha256],
                    kind=row.kind,
                    created_at=rows.moment_of(row.created_at),
                )
                for row in connection.execute(query)
            ]
    return found


def rounds(connection: Connection, run_id: str) -> list[RoundRecord]:
    """The rounds of a run, in order."""
    return _of_run(connection, schema.rounds, RoundRecord, run_id, schema.rounds.c.round)


def improvements(connection: Connection, run_id: str) -> list[ImprovementRecord]:
    """The improvements of a run, in the order in which they were started."""
    table = schema.improvements
    return _of_run(connection, table, ImprovementRecord, run_id, table.c.started_at, table.c.path)


def improvement_keys(connection: Connection, run_id: str, path: str | None = None) -> list[ImprovementKey]:
    """By what the improvements of a run are told apart, in the order in which they were started; those of one path."""
    table = schema.improvements
    columns = (table.c[name] for name in ("id", "path", "improver", "task", "initial", "outcome"))
    query = select(*columns).where(table.c.run_id == run_id).order_by(table.c.started_at, table.c.path)
    if path is not None:
        query = query.where(table.c.path == documents.escape(path))
    return rows.load(connection, query, table, ImprovementKey)


def improvement(connection: Connection, improvement_id: str) -> ImprovementRecord:
    """The improvement with that id, which has to be there."""
    table = schema.improvements
    [record] = rows.load(connection, select(table).where(table.c.id == improvement_id), table, ImprovementRecord)
    return record


def last_evaluation(connection: Connection, run_id: str) -> int:
    """The id of the last evaluation of a run, 0 if there is none; later ones have larger ids."""
    table = schema.evaluations
    return connection.scalar(select(func.max(table.c.id)).where(table.c.run_id == run_id)) or 0


def evaluation(
    connection: Connection, run_id: str, program: str, task: str, split: str, key: str
) -> EvaluationRecord | None:
    """The first evaluation of a program on a draw in a run; None if there is none."""
    table = schema.evaluations
    named = {"program": program, "run_id": run_id, "key": key, "split": split, "task": task}
    stored = {name: documents.escape(value) for name, value in named.items()}
    query = select(table).where(*(table.c[name] == value for name, value in stored.items()))
    found = rows.load(connection, query.order_by(table.c.id).limit(1), table, EvaluationRecord)
    return found[0] if found else None


def seconds_worked(connection: Connection, run_id: str) -> float:
    """How long a run has been at work, over all of its lives: of one that was killed, up to what it recorded last."""
    run = connection.execute(select(schema.runs).where(schema.runs.c.run_id == run_id)).one()
    resumed = select(schema.notices.c.created_at).where(
        schema.notices.c.run_id == run_id, schema.notices.c.kind == RESUMED
    )
    began = [run.created_at, *connection.scalars(resumed.order_by(schema.notices.c.created_at))]
    seconds = 0.0
    for life, next_life in itertools.pairwise([*began, None]):
        last = [_last_before(connection, table, run_id, next_life) for table in (schema.journal, schema.evaluations)]
        ended = max(filter(None, [life, *last, run.finished_at if next_life is None else None]))
        with as_written("the table runs, or another with times in it,"):
            seconds += max(0.0, (rows.moment_of(ended) - rows.moment_of(life)).total_seconds())
    return seconds


def _last_before(connection: Connection, table: Table, run_id: str, moment: str | None) -> str | None:
    query = select(func.max(table.c.created_at)).where(table.c.run_id == run_id)
    last: str | None = connection.scalar(query if moment is None else query.where(table.c.created_at < moment))
    return last


def evaluations(connection: Connection, run_id: str, improvement_id: str | None) -> list[EvaluationRecord]:
    """The evaluations of a run, or of one improvement of it, in order."""
    table = schema.evaluations
    return _of_run(connection, table, EvaluationRecord, run_id, table.c.id, improvement_id=improvement_id)


def model_calls(connection: Connection, run_id: str, improvement_id: str | None) -> list[ModelCallRecord]:
    """The model calls of a run, or of one improvement of it, in order."""
    table = schema.model_calls
    return _of_run(connection, table, ModelCallRecord, run_id, table.c.id, improvement_id=improvement_id)


def call_figures(connection: Connection, run_id: str, improvement_id: str | None) -> list[CallFigures]:
    """What is counted of each row of the model calls of a run, or of one improvement of it; no text is read."""
    table = schema.model_calls
    columns = (table.c[field.name] for field in fields(CallFigures))
    query = select(*columns).where(table.c.run_id == run_id).order_by(table.c.id)
    if improvement_id is not None:
        query = query.where(table.c.improvement_id == improvement_id)
    return rows.load(connection, query, table, CallFigures)


def journal(connection: Connection, run_id: str, improvement_id: str | None, method: str | None) -> list[JournalEntry]:
    """The journal of a run in the order of writing, or of one improvement of it in the order of its sequence.

    Of one method, if that is given.
    """
    table = schema.journal
    order = table.c.id if improvement_id is None else table.c.sequence
    query = select(table).where(table.c.run_id == run_id).order_by(order)
    if improvement_id is not None:
        query = query.where(table.c.improvement_id == improvement_id)
    if method is not None:
        query = query.where(table.c.method == method)
    return rows.load(connection, query, table, JournalEntry)


def violations(connection: Connection, run_id: str) -> list[ViolationRecord]:
    """The violations of a run, in order."""
    return _of_run(connection, schema.violations, ViolationRecord, run_id, schema.violations.c.id)


def notices(connection: Connection, run_id: str) -> list[NoticeRecord]:
    """What a person should know of how a run went, in order."""
    return _of_run(connection, schema.notices, NoticeRecord, run_id, schema.notices.c.id)


def exchanges(connection: Connection, run_id: str) -> list[ExchangeRecord]:
    """The exchanges of a run with language models over the network, in order."""
    table = schema.exchanges
    return _of_run(connection, table, ExchangeRecord, run_id, table.c.created_at, table.c.id)


def spent(connection: Connection, run_id: str) -> Spending:
    """What all exchanges of a run have cost together."""
    table = schema.exchanges
    sums = (func.sum(table.c[name]).label(name) for name in SPENDING_FIELDS)
    row = connection.execute(select(*sums).where(table.c.run_id == run_id)).mappings().one()
    zero = Spending()
    return Spending(**{name: type(getattr(zero, name))(row[name] or 0) for name in SPENDING_FIELDS})


def failed_calls(connection: Connection, run_id: str, improvement_id: str | None) -> list[FailedCall]:
    """What was paid for calls that were not answered, of a run or of one improvement of it, in order."""
    table = schema.journal
    # One condition or the other: with both, SQLite takes the index of the run, and reads all of its entries each time.
    whose = table.c.run_id == run_id if improvement_id is None else table.c.improvement_id == improvement_id
    query = select(table.c.improvement_id, table.c.spent).where(whose, table.c.spent.is_not(None))
    return rows.load(connection, query.order_by(table.c.id), table, FailedCall)


def uncounted(connection: Connection, run_id: str) -> Spending:
    """What a run may have paid at the most for what it sent, and of which nobody knows what it cost.

    `n_unpriced` is how many of them had a price, and no exchange on record tells of them.
    """
    table = schema.reservations
    query = select(table).where(table.c.run_id == run_id, table.c.is_counted.is_(False))
    records = rows.load(connection, query, table, ReservationRecord)
    with as_written("the table reservations"):
        worst = [(record, spending_from(record.worst)) for record in records]
    n_unpriced = sum(spending.cost_usd > 0 and not record.is_told for record, spending in worst)
    return replace(sum((spending for _, spending in worst), Spending()), n_unpriced=n_unpriced)


def reservations(connection: Connection, run_id: str) -> list[ReservationRecord]:
    """What a run was going to send over the network, in order."""
    table = schema.reservations
    return _of_run(connection, table, ReservationRecord, run_id, table.c.created_at, table.c.id)


def owed(connection: Connection, run_id: str, key: str, kept_as: str) -> tuple[Spending, set[int]]:
    """What a run has paid under a key for a call that it has no record of, and the ordinals of the samples."""
    paid, kept = schema.exchanges, schema.answers
    own = (paid.c.run_id == run_id, paid.c.key == kept_as)
    records = rows.load(connection, select(paid).where(*own), paid, ExchangeRecord)
    if not records or _is_charged(connection, run_id, key):
        return Spending(), set()
    brought = select(kept.c.sample).join(paid, kept.c.exchange == paid.c.id).where(*own)
    return sum((record.spending for record in records), Spending()), set(connection.scalars(brought))


def _is_charged(connection: Connection, run_id: str, key: str) -> bool:
    """Whether a call of a run is on record that has paid for what is kept under a key, answered or not."""
    calls, entries = schema.model_calls, schema.journal
    answered = select(calls.c.id).where(calls.c.key == key, calls.c.run_id == run_id)
    failed = select(entries.c.id).where(entries.c.run_id == run_id, entries.c.spent.contains(key))
    return any(connection.execute(query.limit(1)).first() for query in (answered, failed))


def answers(connection: Connection, key: str) -> list[AnswerRecord]:
    """The samples kept under a key, in the order of their ordinals."""
    table = schema.answers
    return rows.load(connection, select(table).where(table.c.key == key).order_by(table.c.sample), table, AnswerRecord)


def asked(connection: Connection, key: str) -> list[dict[int, bool]]:
    """What the exchanges under a key asked for: the ordinals of samples, each with whether what came was nothing.

    Those that failed are not among them.
    """
    table = schema.exchanges
    query = select(table).where(table.c.key == key, table.c.asked.is_not(None))
    found = rows.load(connection, query.order_by(table.c.created_at, table.c.id), table, ExchangeRecord)
    with as_written("the table exchanges"):
        asked_by_each = (record.asked for record in found if record.asked is not None)
        return [{int(ordinal): is_nothing for ordinal, is_nothing in asked.items()} for asked in asked_by_each]


def answers_of_run(connection: Connection, run_id: str) -> list[AnswerRecord]:
    """The samples that the exchanges of a run brought, and that were kept."""
    table, brought_by = schema.answers, schema.exchanges
    query = select(table).join(brought_by, table.c.exchange == brought_by.c.id).where(brought_by.c.run_id == run_id)
    return rows.load(connection, query.order_by(table.c.key, table.c.sample), table, AnswerRecord)


def _of_run(
    connection: Connection,
    table: Table,
    record: type[Record],
    run_id: str,
    *order: ColumnElement[Any],
    improvement_id: str | None = None,
) -> list[Record]:
    query = select(table).where(table.c.run_id == run_id).order_by(*order)
    if improvement_id is not None:
        query = query.where(table.c.improvement_id == improvement_id)
    return rows.load(connection, query, table, record)


def model_answers(connection: Connection, request_sha256: str, ordinal: int) -> ModelCallRecord | None:
    """The first call stored under that request and ordinal, by whichever run."""
    table = schema.model_calls
    query = select(table).where(table.c.request_sha256 == request_sha256, table.c.ordinal == ordinal)
    found = rows.load(connection, query.order_by(table.c.id).limit(1), table, ModelCallRecord)
    return found[0] if found else None


def calls_like(connection: Connection, run_id: str, request_sha256: str, ordinal: int) -> list[ModelCallRecord]:
    """The calls of a run with that request and ordinal, whichever improvements made them, in order."""
    table = schema.model_calls
    query = select(table).where(
        table.c.request_sha256 == request_sha256, table.c.ordinal == ordinal, table.c.run_id == run_id
    )
    return rows.load(connection, query.order_by(table.c.id), table, ModelCallRecord)


def refusals(connection: Connection, run_id: str) -> list[JournalEntry]:
    """The journal entries of a run that may be refusals by a model, in order; others may be among them."""
    table = schema.journal
    query = select(table).where(table.c.run_id == run_id, table.c.response.contains('"kind":"model"'))
    return rows.load(connection, query.order_by(table.c.id), table, JournalEntry)


def ordinals(connection: Connection, improvement_id: str, request_sha256: str) -> set[int]:
    """The ordinals of the answered calls of an improvement with that request."""
    table = schema.model_calls
    query = select(table.c.ordinal).where(
        table.c.request_sha256 == request_sha256, table.c.improvement_id == improvement_id
    )
    return set(connection.scalars(query))


def counts(connection: Connection, run_id: str) -> dict[str, int]:
    """How many rows of each kind a run has."""
    tables = (
        schema.rounds,
        schema.improvements,
        schema.evaluations,
        schema.model_calls,
        schema.journal,
        schema.violations,
        schema.exchanges,
    )
    return {
        table.name: connection.scalar(select(func.count()).select_from(table).where(table.c.run_id == run_id)) or 0
        for table in tables
    }


def programs_of_run(connection: Connection, run_id: str) -> list[ProgramRecord]:
    """Every program that a run points to, sorted by sha256."""
    pointers = (
        (schema.rounds, ("improver", "candidate", "parent")),
        (schema.improvements, ("improver", "initial", "result")),
        (schema.evaluations, ("program",)),
        (schema.violations, ("program",)),
    )
    queries = [select(table.c[name]).where(table.c.run_id == run_id) for table, names in pointers for name in names]
    return programs(connection, (sha256 for sha256 in connection.scalars(union(*queries)) if sha256 is not None))


def export(connection: Connection, run_id: str) -> dict[str, Any]:
    """Everything about a run as data for strict JSON and UTF-8.

    `documents.py` lists the tags for what JSON has not; texts are as `documents.escape` makes them.
    """
    return {
        "format": EXPORT_FORMAT,
        "run": _plain(run(connection, run_id)),
        "rounds": [_plain(record) for record in rounds(connection, run_id)],
        "improvements": [_plain(record) for record in improvements(connection, run_id)],
        "evaluations": [_plain(record) for record in evaluations(connection, run_id, None)],
        "model_calls": [_plain(record) for record in model_calls(connection, run_id, None)],
        "journal": [_plain(record) for record in journal(connection, run_id, None, None)],
        "violations": [_plain(record) for record in violations(connection, run_id)],
        "exchanges": [_plain(record) for record in exchanges(connection, run_id)],
        "reservations": [_plain(record) for record in reservations(connection, run_id)],
        "answers": [_plain(record) for record in answers_of_run(connection, run_id)],
        "notices": [_plain(record) for record in notices(connection, run_id)],
        "programs": [_plain(record) for record in programs_of_run(connection, run_id)],
    }


def _plain(record: Any) -> Any:
    values = {name: _moment_as_text(value) for name, value in asdict(record).items()}
    return json.loads(documents.escape(documents.encode(values)))


def _moment_as_text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
