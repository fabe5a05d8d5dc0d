"""Runs whose provider fails: they end with one sentence, no improver is blamed, and what has come is kept."""

from __future__ import annotations

import pytest

from selftaught.budget import Budget
from selftaught.engine import META, Assignment
from selftaught.errors import LanguageModelError, LanguageModelUnavailable, Outcome, RunBudgetExceeded
from selftaught.improver import bundled_improver
from selftaught.ledger import Ledger, RunBudget
from selftaught.meta_utility import MetaUtility
from selftaught.models.provider import Fault

from .scripted_provider import Rig, fault, texts

HEAD = "def improve_algorithm(initial_solution, utility, language_model):\n"
CATCHING = HEAD + (
    "    try:\n"
    "        language_model.prompt('expert', 'a question')\n"
    "    except BaseException as error:\n"
    "        return f'{type(error).__name__}: {error}'\n"
)
DOUBLING = "```python\ndef double(numbers):\n    return [2 * number for number in numbers]\n```"


@pytest.mark.parametrize(
    ("kind", "says"),
    [(Fault.KEY, "does not serve with this key"), (Fault.UNKNOWN_MODEL, "has no model m"), (Fault.DOWN, "--outage")],
)
def test_an_improver_is_not_told_of_a_model_that_cannot_be_had(improve, recorder, kind, says):
    rig = Rig(lambda prompt, number: fault(kind), seconds=0.0, outage_seconds=0)
    with pytest.raises(LanguageModelUnavailable, match=says):
        improve(CATCHING, model=rig.model, recorder=recorder)
    assert (recorder.calls, recorder.exchanges) == ([], [])


def test_an_improver_is_not_told_that_the_run_may_spend_no_more(improve, recorder):
    rig = Rig(seconds=0.0, ledger=Ledger(RunBudget(tokens=1000)))
    with pytest.raises(RunBudgetExceeded, match=r"the run has spent 0 of 1,000 tokens \(--max-tokens\)"):
        improve(CATCHING, model=rig.model, recorder=recorder)
    assert (recorder.calls, recorder.exchanges) == ([], [])
    assert rig.provider.asked == []


@pytest.mark.parametrize(
    ("came", "says"),
    [
        (fault(Fault.REJECTED, "too long"), "the language model rejected the request: too long"),
        (texts(), "the language model answered with nothing, also when asked again"),
    ],
    ids=["rejected", "empty"],
)
def test_an_improver_is_told_of_a_request_that_fails_and_may_go_on(improve, came, says):
    rig = Rig(lambda prompt, number: came, seconds=0.0)
    improvement = improve(CATCHING, model=rig.model).improvement
    assert improvement.outcome is Outcome.OK
    assert says in improvement.solution


def test_the_same_of_one_that_takes_too_long(improve):
    rig = Rig(lambda prompt, number: 60.0, call_seconds=0.1)
    improvement = improve(CATCHING, model=rig.model).improvement
    assert "the language model took too long" in improvement.solution


def test_what_an_improvement_spends_is_counted_with_it(improve):
    rig = Rig(lambda prompt, number: texts(*[DOUBLING] * prompt.n_samples), seconds=0.0, price_in=1, price_out=2)
    result = improve(bundled_improver("seed"), model=rig.model)
    assert result.improvement.outcome is Outcome.OK
    assert result.improvement.usage.spending == rig.ledger.spent
    assert result.improvement.usage.spending.cost_usd > 0


def test_a_whole_evaluation_ends_with_one_error_and_keeps_what_has_come(run, engine, doubling, recorder):
    """Some improvements at the same time; the key expires after three exchanges."""

    async def evaluate():
        async with engine(rig.model, recorder) as opened:
            meta_utility = MetaUtility(
                engine=opened,
                utilities=await opened.utilities([doubling]),
                budget=Budget(calls=2, responses=2, utility_calls=8),
                n_repeats=4,
                split="validation",
                purpose="a test",
            )
            await meta_utility.evaluate(bundled_improver("seed"))

    def script(prompt, number):
        return fault(Fault.KEY, "it has expired") if number >= 3 else texts(*[DOUBLING] * prompt.n_samples)

    rig = Rig(script, seconds=0.02, concurrency=1)
    with pytest.raises(LanguageModelUnavailable, match="it has expired"):
        run(evaluate())
    assert len(rig.book.pages) == 3
    assert [improvement for improvement in recorder.finished if improvement.outcome is not Outcome.OK] == []
    assert rig.provider.is_closed


def test_a_self_improvement_that_cannot_be_asked_for_ends_the_run_too(run, engine, doubling, recorder):
    async def improve_itself():
        async with engine(rig.model, recorder) as opened:
            [utility] = await opened.utilities([doubling])
            assignment = Assignment(
                scope="round-1",
                improver=CATCHING,
                initial_solution=CATCHING,
                task=META,
                budget=Budget(calls=1, responses=1, utility_calls=1),
            )
            await opened.improve(assignment, utility)

    rig = Rig(lambda prompt, number: fault(Fault.KEY), seconds=0.0)
    with pytest.raises(LanguageModelError):
        run(improve_itself())
    assert recorder.finished == []
