"""The engine: the same thing once, everything recorded, and one error where several happen."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest

from selftaught import engine as engine_module
from selftaught.budget import Budget
from selftaught.engine import META, Assignment, run_in_parallel
from selftaught.errors import ConfigError, Outcome, TaskError
from selftaught.meta_utility import MetaUtility, UtilityOnDraw
from selftaught.models import Reply

BUDGET = Budget(calls=4, responses=6, utility_calls=25)
KEEPS = (
    "def improve_algorithm(initial_solution, utility, language_model):\n"
    "    utility(initial_solution)\n"
    "    return initial_solution\n"
)
SETS = KEEPS.replace("    return", "    utility.budget = 5\n    return")


@pytest.fixture
def assignment(doubling) -> Assignment:
    return Assignment(
        scope="a scope", improver=KEEPS, initial_solution=doubling.seed_solution, task="doubling", budget=BUDGET
    )


def test_the_same_assignment_is_carried_out_once(run, engine, recorder, doubling, draw, assignment):
    async def scenario():
        async with engine(recorder=recorder) as made:
            [utility] = await made.utilities([doubling])
            seen = UtilityOnDraw(utility, draw)
            both = await asyncio.gather(made.improve(assignment, seen), made.improve(assignment, seen))
            other = await made.improve(dataclasses.replace(assignment, scope="another"), seen)
            return [*both, other], made.usage

    improvements, usage = run(scenario())
    assert improvements[0] is improvements[1] is not improvements[2]
    assert [started.scope for started in recorder.started] == ["a scope", "another"]
    assert recorder.finished == [improvements[0], improvements[2]]
    assert usage.utility_calls == 2
    assert usage.evaluations == len(recorder.evaluations) == 1


def test_so_many_improvements_of_solutions_are_under_way_at_once(
    run, engine, recorder, doubling, draw, assignment, monkeypatch
):
    monkeypatch.setattr(engine_module, "MAX_AT_ONCE", 2)
    under_way, most = 0, 0

    async def scenario():
        nonlocal under_way, most
        async with engine(recorder=recorder) as made:
            [utility] = await made.utilities([doubling])

            class Counted(UtilityOnDraw):
                async def value(self, solution: str) -> float | None:
                    nonlocal under_way, most
                    under_way += 1
                    most = max(most, under_way)
                    await asyncio.sleep(0.2)
                    under_way -= 1
                    return await super().value(solution)

            seen = Counted(utility, draw)
            outer = dataclasses.replace(assignment, task=META)
            scopes = [dataclasses.replace(assignment, scope=str(number)) for number in range(6)]
            return await asyncio.gather(made.improve(outer, seen), *(made.improve(each, seen) for each in scopes))

    assert [improvement.outcome for improvement in run(scenario())] == [Outcome.OK] * 7
    assert most == 3, "two of solutions, and one of an improver"


def test_progress_is_told_after_every_improvement(run, engine, doubling, draw, assignment):
    told = []

    async def scenario():
        async with engine() as made:
            made.on_progress = lambda: told.append(1)
            [utility] = await made.utilities([doubling])
            for number in range(3):
                await made.improve(dataclasses.replace(assignment, scope=str(number)), UtilityOnDraw(utility, draw))

    run(scenario())
    assert told == [1, 1, 1]


def test_violations_of_improvers_and_of_solutions_are_collected(run, engine, doubling, draw, assignment):
    mounts = "import ctypes\ndef double(n): ctypes.CDLL(None).mount(b'none', b'/tmp', b'tmpfs', 0, None)\n"

    async def scenario():
        async with engine() as made:
            [utility] = await made.utilities([doubling])
            await made.improve(dataclasses.replace(assignment, improver=SETS), UtilityOnDraw(utility, draw))
            assert (await utility.evaluate(mounts, draw)).outcome is Outcome.VIOLATION
            return [violation.kind for violation in made.violations.entries()]

    assert run(scenario()) == ["read_only_view", "system_call"]


def test_one_worker_serves_a_task_however_often_it_is_asked_for(run, engine, doubling):
    async def scenario():
        async with engine() as made:
            first, again = await made.utilities([doubling, doubling])
            assert first is again
            assert [first] == await made.utilities([doubling])

    run(scenario())


def test_closing_the_engine_ends_improvements_under_way(
    run, engine, recorder, scripted_model, doubling, draw, assignment
):
    class Silent(scripted_model):
        async def answer(self, request):
            self.asked.append(request)
            await asyncio.sleep(1000)

    model = Silent()
    asks = KEEPS.replace("utility(initial_solution)", "language_model.prompt('e', 'm')")

    async def scenario():
        async with engine(model=model, recorder=recorder) as made:
            [utility] = await made.utilities([doubling])
            improving = asyncio.create_task(
                made.improve(dataclasses.replace(assignment, improver=asks), UtilityOnDraw(utility, draw))
            )
            while not model.asked:
                await asyncio.sleep(0.001)
        with pytest.raises(asyncio.CancelledError):
            await improving

    run(scenario())
    assert recorder.finished == []


def test_work_that_nobody_waits_for_any_more_is_given_up(run, engine, recorder, scripted_model, doubling):
    """An improver returns while its meta-utility is being computed: no further call is made for that."""
    released = asyncio.Event()

    class Waiting(scripted_model):
        async def answer(self, request):
            self.asked.append(request)
            if request.messages == ("until both are at work",):
                while len(self.asked) < 3:
                    await asyncio.sleep(0.001)
            else:
                await released.wait()
            return Reply.of(["x"])

    model = Waiting()
    asks = KEEPS.replace("utility(initial_solution)", "[language_model.prompt('e', 'm') for _ in range(4)]")
    leaves = (
        "import threading\n"
        "def improve_algorithm(initial_solution, utility, language_model):\n"
        f"    threading.Thread(target=utility, args=[{asks!r}], daemon=True).start()\n"
        "    language_model.prompt('e', 'until both are at work')\n"
        "    return initial_solution\n"
    )

    async def scenario():
        async with engine(model=model, recorder=recorder) as made:
            meta_utility = MetaUtility(
                engine=made, utilities=await made.utilities([doubling]), budget=BUDGET, n_repeats=2,
                split="validation", purpose="search",
            )  # fmt: skip
            on_itself = Assignment(
                scope="round-1", improver=leaves, initial_solution=leaves, task="meta", budget=BUDGET
            )
            assert (await made.improve(on_itself, meta_utility)).outcome is Outcome.OK
            released.set()
            await asyncio.sleep(0.3)

    run(scenario())
    assert len(model.asked) == 3
    assert [started.task for started in recorder.started] == ["meta", "doubling", "doubling"]
    assert len(recorder.finished) == 1


def test_results_come_in_the_order_of_the_calls(run):
    async def after(seconds, value):
        await asyncio.sleep(seconds)
        return value

    assert run(run_in_parallel([after(0.02, "a"), after(0.0, "b"), after(0.01, "c")])) == ["a", "b", "c"]


def test_the_first_error_alone_comes_out_and_the_others_are_cancelled(run):
    cancelled = []

    async def wait():
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            cancelled.append(1)
            raise

    async def fail():
        await asyncio.sleep(0)
        raise TaskError("it failed")

    with pytest.raises(TaskError, match="it failed"):
        run(run_in_parallel([wait(), run_in_parallel([fail(), wait()]), fail()]))
    assert cancelled == [1, 1]


# ---------------------------------------------------------------- two models


class Opened:
    """A language model that notes when it is opened and closed, and may not be had."""

    def __init__(self, name, log, fails=False):
        self.name, self.log, self.fails = name, log, fails

    async def open(self):
        self.log.append(f"open {self.name}")
        if self.fails:
            raise ConfigError("it cannot be had")

    async def close(self):
        self.log.append(f"close {self.name}")


def test_both_models_are_opened_and_closed(run, engine):
    log = []

    async def scenario():
        async with engine(model=Opened("outer", log), inner_model=Opened("inner", log)):
            log.append("at work")

    run(scenario())
    assert log == ["open outer", "open inner", "at work", "close inner", "close outer"]


def test_a_model_is_closed_again_where_the_other_cannot_be_had(run, engine):
    log = []

    async def scenario():
        async with engine(model=Opened("outer", log), inner_model=Opened("inner", log, fails=True)):
            log.append("at work")

    with pytest.raises(ConfigError, match="it cannot be had"):
        run(scenario())
    assert log == ["open outer", "open inner", "close inner", "close outer"]
