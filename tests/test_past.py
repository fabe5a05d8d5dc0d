"""What an earlier life of a run has left: each thing recalled once, and what nobody needed counted in the end."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from selftaught.budget import Budget, Usage
from selftaught.engine import Assignment, NoPast
from selftaught.errors import Outcome, StoreError, Violation
from selftaught.improver import Improvement
from selftaught.ledger import Spending
from selftaught.models import Reply, Request, Sample
from selftaught.past import StoredPast
from selftaught.recorder import StoreRecorder
from selftaught.store import RunStart, Store
from selftaught.store.clock import now
from selftaught.utility import Draw, Evaluation
from selftaught.worker.messages import PromptRequest, PromptResponse, Refusal, UtilityRequest, UtilityResponse

RUN_ID = "r-1"
BUDGET = Budget(calls=4, responses=6, utility_calls=25)
DRAW = Draw(split="validation", key="k", rng_seed=0)
SPENT = Spending(tokens_in=5, tokens_out=7, cost_usd=0.25)


@pytest.fixture
def store(path):
    with Store.open(path, clock=now) as opened:
        opened.start_run(RunStart(run_id=RUN_ID, config={}))
        yield opened


@pytest.fixture
def recorder(store):
    return StoreRecorder(store, RUN_ID, "a model")


def assignment_of(scope="s", improver="improver", initial="initial", task="t"):
    return Assignment(scope=scope, improver=improver, initial_solution=initial, task=task, budget=BUDGET)


async def exchange(recorder, improvement_id, request, response, reply=None, failed=None):
    if reply is not None:
        asked = Request(
            expertise=request.expertise, messages=tuple(request.messages), n_responses=request.n_responses,
            temperature=request.temperature, ordinal=reply,
        )  # fmt: skip
        samples = tuple(Sample(text=text) for text in response.answers)
        await recorder.call(improvement_id, asked, Reply(samples=samples, spending=SPENT, n_known=1), 0.5)
    await recorder.exchange(improvement_id, type(request).__name__, request, response, failed)


def prompt(number=1, message="m"):
    return PromptRequest(id=number, expertise="ex", messages=[message], n_responses=2, temperature=0.5)


def answers(number=1):
    return PromptResponse(id=number, answers=["one", "three"], times_used=number)


def use(number=1, solution="x"):
    return UtilityRequest(id=number, solution=solution)


def test_how_an_improvement_ended_is_recalled_once_with_what_it_was_told(run, store, recorder):
    improvement_id = recorder.improvement_started(assignment_of())
    run(exchange(recorder, improvement_id, prompt(), answers(), reply=0))
    run(exchange(recorder, improvement_id, use(2), UtilityResponse(id=2, value=None, uses=1)))
    run(exchange(recorder, improvement_id, use(3, "y"), Refusal(id=3, kind="budget", message="no")))
    used = Usage(calls=1, responses=2, utility_calls=1)
    tried = (Violation(kind="file", detail="open x", count=3),)
    recorder.improvement_finished(
        improvement_id, Improvement(outcome=Outcome.OK, solution="better", usage=used, violations=tried)
    )
    past = StoredPast(store, RUN_ID)
    for other in ({"scope": "other"}, {"improver": "other"}, {"initial": "other"}, {"task": "other"}):
        assert past.finished(assignment_of(**other)) is None
        assert past.begun(assignment_of(**other)) is None
    ended = past.finished(assignment_of())
    improvement = ended.improvement
    assert (improvement.outcome, improvement.message, improvement.solution) == (Outcome.OK, "", "better")
    assert improvement.violations == tried
    assert improvement.usage == Usage(calls=1, responses=2, utility_calls=1, responses_known=1, spending=SPENT)
    assert ended.valued == ["x"], "what was refused was not valued"
    assert past.finished(assignment_of()) is past.begun(assignment_of()) is None
    assert past.violations() == []
    assert past.rest() == (Usage(), [])


def test_a_failed_improvement_is_recalled_as_it_failed(store, recorder):
    improvement_id = recorder.improvement_started(assignment_of())
    recorder.improvement_finished(improvement_id, Improvement(outcome=Outcome.RAISED, message="line 2: no"))
    improvement = StoredPast(store, RUN_ID).finished(assignment_of()).improvement
    assert improvement == Improvement(outcome=Outcome.RAISED, message="line 2: no")


def test_of_an_improvement_that_began_twice_the_one_that_came_further_goes_on(run, store, recorder):
    first, second, third = (recorder.improvement_started(assignment_of()) for _ in range(3))
    run(exchange(recorder, second, prompt(), answers(), reply=0))
    run(exchange(recorder, second, prompt(2), Refusal(id=2, kind="model", message="no")))
    run(exchange(recorder, second, prompt(3), answers(3), reply=2))
    run(exchange(recorder, second, use(4), UtilityResponse(id=4, value=0.5, uses=1)))
    run(exchange(recorder, second, use(5), Refusal(id=5, kind="budget", message="no")))
    run(exchange(recorder, third, use(1), UtilityResponse(id=1, value=0.5, uses=1)))
    past = StoredPast(store, RUN_ID)
    assert past.finished(assignment_of()) is None
    improvement_id, begun = past.begun(assignment_of())
    assert improvement_id == second
    assert [type(response).__name__ for _, response in begun.exchanges] == [
        "PromptResponse", "Refusal", "PromptResponse", "UtilityResponse", "Refusal",
    ]  # fmt: skip
    assert begun.exchanges[0] == (prompt(), answers())
    assert list(map(set, begun.ordinals.values())) == [{0, 2}]
    assert begun.usage() == Usage(
        calls=3, responses=4, responses_known=2, characters_sent=6, characters_received=16, utility_calls=1,
        spending=SPENT + SPENT,
    )  # fmt: skip
    assert past.begun(assignment_of())[0] == third
    assert past.rest() == (Usage(), []), "the first one had done nothing"
    del first


def test_what_nobody_needed_is_counted_in_the_end_and_once(run, store, recorder, doubling):
    ended = recorder.improvement_started(assignment_of("ended"))
    tried = Violation(kind="file", detail="open x")
    recorder.improvement_finished(ended, Improvement(outcome=Outcome.RAISED, usage=Usage(calls=2), violations=(tried,)))
    begun = recorder.improvement_started(assignment_of("begun"))
    run(exchange(recorder, begun, use(), UtilityResponse(id=1, value=0.5, uses=1)))
    for solution in ("x", "y"):
        run(recorder.evaluation(doubling, DRAW, solution, Evaluation(outcome=Outcome.OK, value=0.5, scores=(0.5,))))
    past = StoredPast(store, RUN_ID)
    assert past.evaluation(doubling, DRAW, "x") is not None
    assert past.rest() == (Usage(calls=2, utility_calls=1, evaluations=1), [tried])
    assert past.rest() == (Usage(), [])


def test_an_evaluation_is_recalled_by_program_task_split_and_draw(run, store, recorder, doubling):
    tried = Violation(kind="socket", detail="connect")
    failed = Evaluation(
        outcome=Outcome.BAD_OUTPUT, message="why", scores=(0.5, None), cpu_seconds=0.25, violations=(tried,)
    )
    run(recorder.evaluation(doubling, DRAW, "x", failed))
    store.flush()
    past = StoredPast(store, RUN_ID)
    recalled = past.evaluation(doubling, DRAW, "x")
    assert (recalled.outcome, recalled.message, recalled.value, recalled.scores, recalled.cpu_seconds) == (
        Outcome.BAD_OUTPUT, "why", None, (0.5, None), 0.25,
    )  # fmt: skip
    assert recalled.violations == (), "they are among those of the run"
    assert past.violations() == [tried]
    assert past.evaluation(doubling, DRAW, "y") is None
    assert past.evaluation(doubling, Draw(split="test", key="k", rng_seed=0), "x") is None
    assert past.evaluation(doubling, Draw(split="validation", key="l", rng_seed=0), "x") is None


def test_what_a_task_tried_is_known_by_its_code(store, recorder, doubling):
    tried = Violation(kind="file", detail="open x")
    recorder.task_tried(doubling, (tried,))
    past = StoredPast(store, RUN_ID)
    assert past.has_tried(doubling, tried)
    assert not past.has_tried(doubling, Violation(kind="file", detail="open y"))
    assert past.violations() == [tried]


def test_a_run_in_its_first_life_recalls_nothing(doubling):
    past = NoPast()
    assert past.finished(assignment_of()) is past.begun(assignment_of()) is past.evaluation(doubling, DRAW, "x") is None
    assert not past.has_tried(doubling, Violation(kind="file", detail="open x"))
    assert (past.violations(), past.rest()) == ((), (Usage(), ()))


@pytest.mark.parametrize("column", ["request", "response"])
@pytest.mark.parametrize("content", ["{}", '{"type":"prompt"}', "3", '{"type":"utility","id":"x"}'])
def test_a_journal_that_was_altered_is_refused_in_a_sentence(run, store, path, recorder, column, content):
    improvement_id = recorder.improvement_started(assignment_of())
    run(exchange(recorder, improvement_id, use(), UtilityResponse(id=1, value=0.5, uses=1)))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"UPDATE journal SET {column} = ?", (content,))
    with pytest.raises(StoreError, match=r"the journal holds what selftaught did not write .*: use a copy") as raised:
        StoredPast(store, RUN_ID).begun(assignment_of())
    assert "\n" not in str(raised.value)
