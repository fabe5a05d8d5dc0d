"""Records: everything is in the store before anyone learns of it."""

from __future__ import annotations

import dataclasses
import itertools
from datetime import UTC, datetime, timedelta

import pytest

from selftaught.budget import Budget, Usage
from selftaught.engine import Assignment
from selftaught.errors import Outcome
from selftaught.meta_utility import MetaEvaluation, Repeat, UtilityOnDraw
from selftaught.models import Reply
from selftaught.recorder import StoreRecorder
from selftaught.recursion import Round
from selftaught.source import sha256_of
from selftaught.statistics import Estimate
from selftaught.store import RunStart, Store

BUDGET = Budget(calls=4, responses=6, utility_calls=25)
HEAD = "def improve_algorithm(initial_solution, utility, language_model):\n"
RUN_ID = "r-20260101-000000-abcd"


def ticking_clock():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    ticks = itertools.count()
    return lambda: start + timedelta(milliseconds=next(ticks))


@pytest.fixture
def store(path):
    with Store.open(path, clock=ticking_clock()) as opened:
        opened.start_run(RunStart(run_id=RUN_ID, config={}, isolation="full"))
        yield opened


@pytest.fixture
def improve_recorded(run, engine, doubling, draw, store):
    """`improve_recorded(improver, model, task)`: one improvement, recorded in the store."""

    def improve_recorded(improver, *, model=None, task="doubling", initial_solution=doubling.seed_solution):
        async def improve():
            async with engine(model=model, recorder=StoreRecorder(store, RUN_ID, "scripted")) as made:
                assignment = Assignment(
                    scope="round-1", improver=improver, initial_solution=initial_solution, task=task, budget=BUDGET
                )
                [utility] = await made.utilities([doubling])
                return await made.improve(assignment, UtilityOnDraw(utility, draw))

        return run(improve())

    return improve_recorded


def test_an_exchange_is_durable_before_it_is_answered(improve_recorded, path, scripted_model):
    """Another connection to the same file sees each exchange when the next one is made."""
    seen = []

    class Looking(scripted_model):
        async def answer(self, request):
            with Store.open(path, read_only=True, clock=ticking_clock()) as other:
                seen.append([entry.method for entry in other.journal(RUN_ID)])
                seen.append([record.outcome for record in other.evaluations(RUN_ID)])
            return Reply.of(["x"])

    improve_recorded(
        HEAD
        + "    language_model.prompt('e', 'a')\n    utility(initial_solution)\n    language_model.prompt('e', 'b')\n"
        "    return initial_solution\n",
        model=Looking(),
    )
    assert seen == [[], [], ["PromptRequest", "UtilityRequest"], ["ok"]]


def test_the_journal_has_every_exchange_in_order(improve_recorded, store, scripted_model):
    improve_recorded(
        HEAD
        + "    [answer] = language_model.prompt('expert', 'improve it', temperature=0.5)\n"
        + "    values = [utility(answer), utility('')]\n"
        + "    return initial_solution\n",
        model=scripted_model(lambda message, sample: "def double(n): return [0] * 6"),
    )
    journal = store.journal(RUN_ID)
    assert [(entry.sequence, entry.method) for entry in journal] == [
        (0, "PromptRequest"), (1, "UtilityRequest"), (2, "UtilityRequest"),
    ]  # fmt: skip
    assert journal[0].request["messages"] == ["improve it"]
    assert journal[0].response["answers"] == ["def double(n): return [0] * 6"]
    assert [(entry.response["value"], entry.response["uses"]) for entry in journal[1:]] == [(0.0, 1), (None, 2)]


def test_a_call_of_the_model_is_a_row_for_each_message_with_its_answers(improve_recorded, store, scripted_model):
    improve_recorded(
        HEAD
        + "    language_model.prompt('expert', 'one', n_responses=2, temperature=0.5)\n"
        + "    language_model.batch_prompt('expert', ['two', 'three'], temperature=0.25)\n"
        + "    return initial_solution\n",
        model=scripted_model(lambda message, sample: f"{message} {sample}"),
    )
    calls = store.model_calls(RUN_ID)
    assert [(call.message, call.temperature, call.answers) for call in calls] == [
        ("one", 0.5, ["one 0", "one 1"]),
        ("two", 0.25, ["two 0"]),
        ("three", 0.25, ["three 0"]),
    ]
    assert {(call.model, call.expertise) for call in calls} == {("scripted", "expert")}
    assert calls[1].request_sha256 == calls[2].request_sha256 != calls[0].request_sha256


def test_an_improvement_is_recorded_with_what_it_made_and_used(improve_recorded, store, doubling):
    improver = HEAD + "    utility(initial_solution)\n    return initial_solution + '# new'\n"
    improve_recorded(improver)
    [record] = store.improvements(RUN_ID)
    assert (record.path, record.task, record.outcome, record.message) == ("round-1", "doubling", Outcome.OK, "")
    assert store.program(record.improver).source == improver
    assert store.program(record.initial).source == doubling.seed_solution
    assert store.program(record.result).source == doubling.seed_solution + "# new"
    assert record.budget == Usage(utility_calls=1).counts()
    assert record.finished_at > record.started_at


def test_a_failed_improvement_is_recorded_with_the_reason(improve_recorded, store):
    improve_recorded(HEAD + "    raise ValueError('no idea')\n")
    [record] = store.improvements(RUN_ID)
    assert (record.outcome, record.message) == (Outcome.RAISED, "line 2: ValueError: no idea")
    assert record.result is None


def test_an_evaluation_is_recorded_with_its_scores_and_its_failure(improve_recorded, store, draw):
    improve_recorded(
        HEAD + "    list(map(utility, [initial_solution, 'def double(n): return None']))\n    return 'x'\n"
    )
    done, failed = store.evaluations(RUN_ID)
    assert (done.outcome, done.value, list(done.scores), done.n) == (Outcome.OK, 0.5, [0.5] * 4, 4)
    assert (done.task, done.split, done.key) == ("doubling", "validation", draw.key)
    assert done.cpu_seconds > 0
    assert (failed.outcome, failed.value, list(failed.scores)) == (Outcome.BAD_OUTPUT, None, [None] * 4)
    assert failed.message == "instance 0: the answer has the wrong type: Expected `array`, got `null`"
    assert store.program(failed.program).source == "def double(n): return None"


def test_violations_are_recorded_with_who_tried(improve_recorded, store):
    mounts = "import ctypes\ndef double(n): ctypes.CDLL(None).mount(b'none', b'/tmp', b'tmpfs', 0, None)\n"
    improve_recorded(HEAD + f"    utility.budget = 10**9\n    utility({mounts!r})\n    return initial_solution\n")
    by_kind = {violation.kind: violation for violation in store.violations(RUN_ID)}
    assert set(by_kind) == {"read_only_view", "system_call"}
    [improvement] = store.improvements(RUN_ID)
    assert (by_kind["read_only_view"].improvement_id, by_kind["read_only_view"].program) == (
        improvement.id,
        improvement.improver,
    )
    assert by_kind["read_only_view"].detail == "set UtilityView.budget"
    assert (by_kind["system_call"].improvement_id, by_kind["system_call"].program) == (None, sha256_of(mounts))


def test_what_an_improver_makes_of_an_improver_is_recorded_as_an_improver(improve_recorded, store):
    improver = HEAD + "    return initial_solution + '# new'\n"
    improve_recorded(improver, task="meta", initial_solution=improver)
    assert {record.source: record.kind for record in store.programs(RUN_ID)} == {
        improver: "improver",
        improver + "# new": "improver",
    }


@pytest.mark.parametrize("text", ["nul \x00", "\x1b[31m", "x" * 1_000_000], ids=["nul", "escape", "long"])
def test_odd_answers_come_back_from_the_store_as_they_were(improve_recorded, store, scripted_model, text):
    improve_recorded(
        HEAD + "    language_model.prompt('e', 'm')\n    return initial_solution\n",
        model=scripted_model(lambda *_: text),
    )
    assert store.journal(RUN_ID)[0].response["answers"] == [text]
    assert store.model_calls(RUN_ID)[0].answers == [text]


def evaluation_of(*values):
    return MetaEvaluation(
        repeats=tuple(Repeat(task="t", initial_value=0.0, value=value, outcome=Outcome.OK) for value in values)
    )


def test_a_round_is_recorded_with_both_measurements(run, store):
    made = Round(
        number=1,
        improver="parent",
        parent="parent",
        improvement=None,
        accepted=False,
        validation=evaluation_of(0.5),
        proposal_validation=evaluation_of(0.25),
        parent_validation=evaluation_of(0.5),
    )
    recorder = StoreRecorder(store, RUN_ID, "gp")
    run(recorder.round(made, Estimate(mean=0.4, low=0.3, high=0.5, n=8), {"calls": 3}))
    [record] = store.rounds(RUN_ID)
    assert (record.round, record.accepted, record.validation, record.incumbent_validation) == (1, False, 0.25, 0.5)
    assert (record.test_mean, record.test_low, record.test_high, record.test_n) == (0.4, 0.3, 0.5, 8)
    assert record.improver == record.parent == sha256_of("parent")
    assert (record.candidate, record.budget) == (None, {"calls": 3})


def test_what_a_task_s_own_code_tries_is_recorded_as_its_own(run, engine, doubling, store):
    nosy = "try:\n    open('/etc/shadow')\nexcept OSError:\n    pass\n" + doubling.utility_source
    task = dataclasses.replace(doubling, name="nosy", utility_source=nosy)

    async def scenario():
        async with engine(recorder=StoreRecorder(store, RUN_ID, "scripted")) as made:
            await made.utilities([task])
            return [violation.kind for violation in made.violations.entries()]

    assert run(scenario()) == ["file"]
    [violation] = store.violations(RUN_ID)
    assert (violation.detail, violation.program) == ("open '/etc/shadow' for reading", sha256_of(nosy))
    assert {program.kind for program in store.programs(RUN_ID)} == {"task"}


def test_a_call_is_recorded_as_it_was_sent_and_named_by_what_was_asked(store, improve_recorded, scripted_model):
    class Told(scripted_model):
        async def answer(self, request):
            return dataclasses.replace(await super().answer(request), system_message=f"{request.expertise}, and so on")

    asks = f"{HEAD}    return language_model.prompt('You sing', initial_solution)[0]\n"
    model = Told()
    improve_recorded(asks, model=model)
    improve_recorded(asks, model=scripted_model(), initial_solution="def double(numbers): return numbers")
    told, untold = store.model_calls(RUN_ID)
    assert (told.expertise, untold.expertise) == ("You sing, and so on", "You sing")
    assert told.request_sha256 == model.asked[0].sha256


def test_each_kind_of_improvement_is_recorded_with_the_model_that_answered_it(run, engine, doubling, draw, store):
    asks = f"{HEAD}    return language_model.prompt('e', initial_solution)[0]\n"

    async def scenario():
        async with engine(recorder=StoreRecorder(store, RUN_ID, "outer", "inner")) as made:
            [utility] = await made.utilities([doubling])
            for task in ("meta", "doubling"):
                assignment = Assignment(
                    scope=task, improver=asks, initial_solution=doubling.seed_solution, task=task, budget=BUDGET
                )
                await made.improve(assignment, UtilityOnDraw(utility, draw))

    run(scenario())
    assert [call.model for call in store.model_calls(RUN_ID)] == ["outer", "inner"]
