"""What goes in comes out, and what is asked for is found: in a file, and on a database server."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from selftaught.errors import ConfigError, Outcome, StoreError
from selftaught.ledger import Spending, spending_document
from selftaught.store import (
    AnswerRecord,
    EvaluationRecord,
    ExchangeRecord,
    ImprovementRecord,
    JournalEntry,
    ModelCallRecord,
    NoticeRecord,
    ReservationRecord,
    RoundRecord,
    RunStart,
    Store,
    ViolationRecord,
    documents,
    processes,
    schema,
    sha256_of,
)
from selftaught.store import store as store_module

NASTY = "quote ' \" -- \x00 \ud800\udc00 \udcff \uf7ff \uf7ff0000 \r\n ; drop table runs"


@pytest.fixture(params=["a file", "postgresql"])
def store(request: pytest.FixtureRequest, path: Path, clock: Callable[[], datetime]) -> Iterator[Store]:
    location = path if request.param == "a file" else request.getfixturevalue("postgresql")
    with Store.open(location, clock=clock, busy_seconds=0.3) as opened:
        yield opened


def same(stored: Any, given: Any) -> bool:
    """Whether a stored record is the given one but for what the store fills in."""
    filled = {
        field.name: getattr(stored, field.name)
        for field in fields(given)
        if field.name in ("id", "created_at", "started_at") and getattr(given, field.name) is None
    }
    assert all(value is not None for value in filled.values())
    return bool(stored == replace(given, **filled))


def evaluation(run_id: str, program: str, **changes: Any) -> EvaluationRecord:
    values: dict[str, Any] = {"task": "dispatch", "split": "validation", "outcome": Outcome.OK, "value": 0.5, **changes}
    return EvaluationRecord(run_id=run_id, program=program, **values)


def test_a_program_is_stored_once_and_found_by_the_beginning_of_its_hash(store: Store) -> None:
    sha256 = store.add_program(NASTY, "solution")
    assert store.add_program(NASTY, "improver") == sha256 == sha256_of(NASTY)
    program = store.program(sha256[:8].upper())
    assert (program.sha256, program.source, program.kind) == (sha256, NASTY, "solution")


def test_what_is_stored_already_may_be_forgotten(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "MAX_KNOWN", 1)
    sources = ["a = 1", "b = 2", "a = 1", "c = 3", "b = 2"]
    hashes = [store.add_program(source, "solution") for source in sources]
    store.flush()
    assert [store.program(sha256).source for sha256 in hashes] == sources


def test_the_hash_of_ordinary_text_is_that_of_its_utf8() -> None:
    assert sha256_of("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_a_run(store: Store) -> None:
    start = RunStart(
        run_id=store.new_run_id(), config={"task": ["a", "b"]}, versions={"python": "3"}, isolation="sealed"
    )
    store.start_run(start)
    [summary] = store.runs()
    assert (summary.run_id, summary.status, summary.config, summary.isolation, summary.finished_at, summary.rounds) == (
        start.run_id,
        "running",
        {"task": ["a", "b"]},
        "sealed",
        None,
        0,
    )
    store.finish_run(start.run_id, status="failed", result={"rounds": [{"test": None}]}, message=NASTY)
    run = store.run(start.run_id)
    assert (run.status, run.result, run.message, run.versions) == (
        "failed",
        {"rounds": [{"test": None}]},
        NASTY,
        {"python": "3"},
    )
    assert run.finished_at is not None
    assert run.finished_at > run.created_at
    store.resume_run(start.run_id)
    again = store.run(start.run_id)
    assert (again.status, again.message, again.finished_at) == ("running", "", None)


def test_run_ids_tell_when(store: Store) -> None:
    assert store.new_run_id().startswith("r-20261121-052233-")


def test_a_round(store: Store, run_id: str) -> None:
    improver, candidate = store.add_program("a", "improver"), store.add_program("b", "improver")
    record = RoundRecord(
        run_id=run_id,
        round=1,
        improver=improver,
        candidate=candidate,
        parent=improver,
        accepted=False,
        validation=0.1 + 0.2,
        incumbent_validation=1e-300,
        test_mean=0.5,
        test_low=0.4,
        test_high=0.6,
        test_n=12,
        budget={"calls": 4},
    )
    store.add_round(record)
    [stored] = store.rounds(run_id)
    assert same(stored, record)
    store.add_round(replace(record, accepted=True))
    assert [stored.accepted for stored in store.rounds(run_id)] == [True]
    assert store.run(run_id).rounds == 1


def test_an_improvement(store: Store, run_id: str) -> None:
    improver = store.add_program("improver", "improver")
    record = ImprovementRecord(
        id="second",
        run_id=run_id,
        parent="first",
        path="round-1/use-3/dispatch/repeat-2",
        improver=improver,
        task=NASTY,
        split="validation",
        key="3",
        initial=improver,
    )
    store.start_improvement(record)
    [_, stored] = store.improvements(run_id)
    assert same(stored, record)
    better = store.add_program("better", "solution")
    store.finish_improvement(
        "second", outcome=Outcome.OK, message=NASTY, result=better, value=0.7, budget={"calls": 2, "seconds": 0.5}
    )
    [_, finished] = store.improvements(run_id)
    assert (finished.outcome, finished.message, finished.result, finished.value, finished.budget) == (
        Outcome.OK,
        NASTY,
        better,
        0.7,
        {"calls": 2, "seconds": 0.5},
    )
    assert finished.finished_at is not None
    store.start_improvement(record)
    assert store.improvements(run_id)[1] == finished, "a resumed run does not undo what is recorded"


def test_an_evaluation(store: Store, run_id: str) -> None:
    program = store.add_program("x", "solution")
    records = [
        evaluation(run_id, program, improvement_id="first", scores=[0.1, None, -3.5], n=3, cpu_seconds=0.01, key="7"),
        evaluation(run_id, program, outcome=Outcome.TIMED_OUT, value=None, message=NASTY, n=12),
    ]
    for record in records:
        store.add_evaluation(record)
    stored = store.evaluations(run_id)
    assert all(same(one, replace(given, scores=list(given.scores))) for one, given in zip(stored, records, strict=True))
    assert store.evaluations(run_id, "first") == stored[:1]


def test_no_number_stands_for_a_failure() -> None:
    with pytest.raises(ValueError, match="only ok comes with a value"):
        evaluation("r", "p", outcome=Outcome.RAISED, value=0.0)
    with pytest.raises(ValueError, match="comes with a value"):
        evaluation("r", "p", value=None)
    with pytest.raises(ValueError, match="finite"):
        evaluation("r", "p", value=float("nan"))
    with pytest.raises(ValueError, match="finite"):
        evaluation("r", "p", scores=[float("inf")])


def test_a_failed_improvement_has_no_value(store: Store, run_id: str) -> None:
    with pytest.raises(ValueError, match="only ok comes with a value"):
        store.finish_improvement("first", outcome=Outcome.RAISED, value=0.0)


def test_a_model_call(store: Store, run_id: str) -> None:
    record = ModelCallRecord(
        run_id=run_id,
        improvement_id="first",
        model="gp",
        request_sha256="a" * 64,
        ordinal=2,
        expertise=NASTY,
        message=NASTY * 100,
        temperature=0.7,
        n_responses=3,
        answers=["", NASTY, NASTY * 100],
        tokens={"input": 10},
        seconds=0.25,
    )
    store.add_model_call(record)
    store.add_model_call(replace(record, answers=["later"], tokens=None))
    [stored, _] = store.model_calls(run_id, "first")
    assert same(stored, record)
    assert store.model_answers("a" * 64, 2) == stored
    assert store.model_answers("a" * 64, 3) is None


def test_the_journal_comes_back_in_order(store: Store, run_id: str) -> None:
    entries = [
        JournalEntry(
            run_id=run_id,
            improvement_id="first",
            sequence=sequence,
            method="prompt",
            request={"message": NASTY * 50, "temperature": float("inf"), "n": 2**80, "raw": b"\x00\xff"},
            response=[None, True, {"$text": "x", "a\x00": 1}],
        )
        for sequence in (1, 0)
    ]
    for entry in entries:
        store.add_journal_entry(entry)
    stored = store.journal(run_id, "first")
    assert [entry.sequence for entry in stored] == [0, 1]
    assert same(stored[0], entries[1])
    assert [entry.sequence for entry in store.journal(run_id)] == [1, 0]


def test_what_is_not_plain_data_is_refused_at_once(store: Store, run_id: str) -> None:
    with pytest.raises(TypeError, match="plain data, not object"):
        store.add_journal_entry(
            JournalEntry(run_id=run_id, improvement_id="first", sequence=0, method="m", request=object(), response=None)
        )
    store.flush()


def test_what_changes_later_is_stored_as_it_was(store: Store, run_id: str) -> None:
    config = {"rounds": 1}
    store.start_run(RunStart(run_id="r-2", config=config))
    config["rounds"] = 2
    assert store.run("r-2").config == {"rounds": 1}


def test_a_violation(store: Store, run_id: str) -> None:
    record = ViolationRecord(run_id=run_id, improvement_id="first", kind="system_call", detail=NASTY)
    store.add_violation(record)
    [stored] = store.violations(run_id)
    assert same(stored, record)


def exchange(run_id: str, number: int, **changes: Any) -> ExchangeRecord:
    spending = Spending(tokens_in=10, tokens_out=2, cost_usd=0.25, seconds=0.5, **changes)
    return ExchangeRecord.of(spending, id=f"x-{number}", run_id=run_id, key="a" * 64, model="openai:x")


def answer(sample: int, text: str, exchange: str) -> AnswerRecord:
    return AnswerRecord(key="a" * 64, sample=sample, text=text, finish="complete", exchange=exchange)


def test_answers_are_found_by_key_and_sample_and_the_first_stays(store: Store, run_id: str) -> None:
    first = [answer(1, NASTY, "x-0"), answer(0, NASTY * 100, "x-0")]
    store.add_exchange(exchange(run_id, 0), first)
    store.add_exchange(exchange(run_id, 1), [answer(1, "late", "x-1"), answer(2, "", "x-1")])
    assert store.answers("a" * 64) == [], "only what is durable is known, and nobody is made to wait"
    store.flush()
    assert store.answers("a" * 64) == [first[1], first[0], answer(2, "", "x-1")]
    assert store.answers("b" * 64) == []


def test_what_is_written_together_is_one_change_also_where_a_part_is_a_block_of_its_own(
    store: Store, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add_reservation(ReservationRecord(id="sent", run_id=run_id, worst=spending_document(Spending())))
    store.flush()
    put: list[int] = []
    write = store._writer.put
    monkeypatch.setattr(store._writer, "put", lambda *changes: (put.append(len(changes)), write(*changes)))
    with store.together():
        store.add_exchange(exchange(run_id, 0), [answer(0, "a", "x-0")])
        store.settle_reservation("sent", is_counted=True)
    assert put[-1] == 3, "the exchange, its answer and the reservation"
    assert len([number for number in put if number > 1]) == 1
    store.flush()
    assert store.reservations(run_id)[0].is_counted


def test_what_a_run_has_spent_is_the_sum_over_its_exchanges(store: Store, run_id: str) -> None:
    assert store.spent(run_id) == Spending()
    store.start_run(RunStart(run_id="r-2", config={}))
    records = [exchange(run_id, 0), exchange(run_id, 1, n_unpriced=1, tokens_cached=2**40), exchange("r-2", 2)]
    for record in records:
        store.add_exchange(record, [])
    assert all(same(*pair) for pair in zip(store.exchanges(run_id), records[:2], strict=True))
    spent = store.spent(run_id)
    assert spent == records[0].spending + records[1].spending
    assert [type(value) for value in vars(spent).values()] == [type(value) for value in vars(Spending()).values()]


def test_the_same_sample_kept_by_two_processes_at_once_is_one_for_both(store: Store, run_id: str) -> None:
    store.flush()
    with Store.open(store.location, clock=lambda: datetime.now(UTC)) as other:
        for number, opened in enumerate([store, other]):
            opened.add_exchange(exchange(run_id, number), [answer(0, f"from {number}", f"x-{number}")])
        other.flush()
        store.flush()
        assert store.answers("a" * 64) == other.answers("a" * 64) == [answer(0, "from 1", "x-1")]
        assert store.counts(run_id)["exchanges"] == 2, "both were paid for"


def test_what_is_recorded_together_is_there_together_or_not_at_all(store: Store, run_id: str) -> None:
    with store.together():
        for number in range(3):
            store.add_violation(ViolationRecord(run_id=run_id, kind="k", detail=f"{number}"))
        store.flush()
        assert store.violations(run_id) == []
    assert len(store.violations(run_id)) == 3
    with pytest.raises(KeyError), store.together():
        store.add_violation(ViolationRecord(run_id=run_id, kind="k", detail="never"))
        raise KeyError
    assert len(store.violations(run_id)) == 3
    store.add_violation(ViolationRecord(run_id=run_id, kind="k", detail="after"))
    assert len(store.violations(run_id)) == 4


def test_a_notice(store: Store, run_id: str) -> None:
    record = NoticeRecord(run_id=run_id, improvement_id="first", kind="diverged", detail=NASTY)
    store.add_notice(record)
    [stored] = store.notices(run_id)
    assert same(stored, record)


def test_a_finished_or_living_run_is_not_resumed(store: Store, run_id: str) -> None:
    with pytest.raises(ConfigError, match=f"{run_id} is still running, as process {os.getpid()}: wait for it"):
        store.resume_run(run_id)
    with pytest.raises(ConfigError, match="still running"):
        store.resume_run(run_id, take_over=True)
    store.finish_run(run_id, status="finished", result={})
    with pytest.raises(ConfigError, match=f"{run_id} is finished, there is nothing to go on with"):
        store.resume_run(run_id)
    assert store.run(run_id).status == "finished"


def test_a_run_has_worked_in_each_life_until_what_it_recorded_last(path: Path) -> None:
    moments = [datetime(2026, 11, 21, tzinfo=UTC)]

    def at(seconds: float) -> datetime:
        moments.append(moments[0] + timedelta(seconds=seconds))
        return moments[-1]

    with Store.open(path, clock=lambda: moments[-1]) as store:
        at(0)
        store.start_run(RunStart(run_id="r-1", config={}))
        program = store.add_program("x", "improver")
        first = ImprovementRecord(
            id="first", run_id="r-1", path="p", improver=program, task="t", split="test", initial=program
        )
        store.start_improvement(first)
        assert store.seconds_worked("r-1") == 0
        at(10)
        store.add_evaluation(evaluation("r-1", program))
        at(15)  # and then it is killed
        entry = {"run_id": "r-1", "improvement_id": "first", "method": "m", "request": 0, "response": 0}
        store.add_journal_entry(JournalEntry(**entry, sequence=0))
        assert store.seconds_worked("r-1") == 15
        at(1000)
        store.finish_run("r-1", status="interrupted")
        assert store.seconds_worked("r-1") == 1000, "it said when it ended"
        store.resume_run("r-1")
        assert store.seconds_worked("r-1") == 15, "that it said so is not known any more"
        at(1007)
        store.add_journal_entry(JournalEntry(**entry, sequence=1))
        assert store.seconds_worked("r-1") == 15 + 7
        at(1009)
        store.finish_run("r-1", status="finished")
        assert store.seconds_worked("r-1") == 15 + 9


def test_what_is_on_record_of_an_improvement_and_an_evaluation_is_found_alone(store: Store, run_id: str) -> None:
    program = store.add_program("x", "solution")
    for key in ("a", NASTY):
        store.add_evaluation(evaluation(run_id, program, key=key, scores=[0.5, None]))
    store.flush()
    found = store.evaluation(run_id, program, "dispatch", "validation", NASTY)
    assert found is not None
    assert found == store.evaluations(run_id)[1]
    for other in (("b",), ("a", "test")):
        assert store.evaluation(run_id, program, "dispatch", *(*other, "validation")[:2][::-1]) is None
    [key] = store.improvement_keys(run_id)
    record = store.improvement(key.id)
    assert (key.path, key.improver, key.task, key.initial, key.outcome) == (
        record.path, record.improver, record.task, record.initial, None,
    )  # fmt: skip
    uses = JournalEntry(run_id=run_id, improvement_id="first", sequence=0, method="use", request=NASTY, response=1)
    store.add_journal_entry(uses)
    store.add_journal_entry(replace(uses, sequence=1, method="prompt"))
    assert [entry.sequence for entry in store.journal(run_id, "first", method="use")] == [0]


def test_a_run_whose_process_cannot_be_seen_is_taken_over_only_when_told(store: Store, run_id: str) -> None:
    store.flush()
    with store._database.writing() as connection:
        process = json.dumps({**processes.identity(), "host": "elsewhere"})
        connection.execute(schema.runs.update().values(process=process))
    with pytest.raises(ConfigError, match=f"{run_id} may still be running, on 'elsewhere' .*--take-over"):
        store.resume_run(run_id)
    store.resume_run(run_id, take_over=True)
    with pytest.raises(ConfigError, match="still running, as process"):
        store.resume_run(run_id, take_over=True)


def test_counts(store: Store, run_id: str) -> None:
    store.add_violation(ViolationRecord(run_id=run_id, kind="k", detail="d"))
    assert store.counts(run_id) == {
        "rounds": 0,
        "improvements": 1,
        "evaluations": 0,
        "model_calls": 0,
        "journal": 0,
        "violations": 1,
        "exchanges": 0,
    }


def test_export_is_strict_json_and_complete(store: Store, run_id: str) -> None:
    program = store.add_program(NASTY, "solution")
    store.add_evaluation(evaluation(run_id, program))
    store.add_journal_entry(
        JournalEntry(
            run_id=run_id, improvement_id="first", sequence=0, method="m", request=float("nan"), response=NASTY * 99
        )
    )
    document = store.export(run_id[:5])
    text = json.dumps(document, allow_nan=False, ensure_ascii=False)
    assert json.loads(text.encode()) == document
    assert document["run"]["run_id"] == run_id
    assert document["journal"][0]["request"] == {"$float": "nan"}
    assert documents.unescape(document["journal"][0]["response"]) == NASTY * 99
    assert {entry["sha256"] for entry in document["programs"]} == {program, store.improvements(run_id)[0].improver}
    assert len(document["evaluations"]) == len(document["improvements"]) == 1


def test_runs_are_listed_newest_first_and_found_by_the_beginning_of_the_id(store: Store) -> None:
    for run_id in ("r-20261121-1", "r-20261121-2", "r-20261122-1"):
        store.start_run(RunStart(run_id=run_id, config={}))
    assert [run.run_id for run in store.runs()] == ["r-20261122-1", "r-20261121-2", "r-20261121-1"]
    assert store.run("r-20261122").run_id == "r-20261122-1"
    with pytest.raises(ConfigError, match="could be any of r-20261121-2, r-20261121-1: give more"):
        store.run("r-20261121")


def test_an_unknown_run_is_refused_with_the_nearest(store: Store, run_id: str) -> None:
    with pytest.raises(
        ConfigError, match=rf"no run 'r-20261121-052333-ab12': did you mean {run_id}\? `selftaught runs"
    ):
        store.run("r-20261121-052333-ab12")


@pytest.mark.parametrize("name", ["", "zzz", "nope", "\udcff\x00", "%"])
def test_a_run_that_no_id_looks_like_is_refused_with_how_to_list_them(store: Store, run_id: str, name: str) -> None:
    with pytest.raises(ConfigError, match=r"there is no run .*: `selftaught runs` lists the runs$") as raised:
        store.run(name)
    assert run_id not in str(raised.value)


def test_an_empty_store_says_so(store: Store) -> None:
    assert store.runs() == []
    with pytest.raises(ConfigError, match="none at all in this store"):
        store.run("r-1")


@pytest.mark.parametrize("name", ["ffff", "", "\udcff\x00", "zzz"])
def test_an_unknown_program_is_refused(store: Store, name: str) -> None:
    store.add_program("x", "solution")
    with pytest.raises(ConfigError, match="no program"):
        store.program(name)


def test_a_row_that_points_nowhere_is_an_error_and_not_lost_silently(store: Store, run_id: str) -> None:
    store.flush()
    store.add_evaluation(evaluation(run_id, "0" * 64))
    with pytest.raises(StoreError, match=r"(?i)foreign key"):
        asyncio.run(store.committed())
    with pytest.raises(StoreError, match=r"(?i)foreign key"):
        store.close()


def test_finishing_what_never_began_is_an_error(store: Store) -> None:
    store.finish_run("r-none", status="finished")
    with pytest.raises(StoreError, match="never started"):
        store.flush()
    with pytest.raises(StoreError, match="never started"):
        store.close()


def test_a_closed_store_takes_nothing(store: Store) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.add_program("x", "solution")


def test_a_clock_without_a_time_zone_is_refused(path: Path) -> None:
    naive: Callable[[], datetime] = datetime.now
    with Store.open(path, clock=naive) as store, pytest.raises(ValueError, match="time zone"):
        store.start_run(RunStart(run_id="r-1", config={}))
