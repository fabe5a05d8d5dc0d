"""What every bundled improver keeps, whatever the model answers."""

from __future__ import annotations

import ast
import sys

import pytest

from selftaught.budget import Budget
from selftaught.errors import Outcome
from selftaught.improver import BUNDLED_IMPROVERS, bundled_improver, bundled_improver_names
from selftaught.models import find_model

NAMES = bundled_improver_names()
FENCED = "Idea.\n\n```python\ndef double(numbers):\n    return [{factor} * number for number in numbers]\n```\n"
BUDGETS = [
    Budget(calls=1, responses=1, utility_calls=1),
    Budget(calls=1, responses=6, utility_calls=3),
    Budget(calls=4, responses=6, utility_calls=25),
    Budget(calls=5, responses=2, utility_calls=4),
]
ENDINGS = {Outcome.OK, Outcome.RAISED, Outcome.BUDGET_EXCEEDED}
"""How an improver of ours may end on any answers at all."""


@pytest.fixture(params=NAMES)
def improver(request) -> str:
    """The source of each bundled improver in turn."""
    return bundled_improver(request.param)


def test_there_are_the_three_of_the_issue():
    assert {"seed", "greedy", "best_of_n"} <= set(NAMES)


def test_it_is_a_text_that_is_never_imported(improver):
    assert not [name for name in sys.modules if name.startswith("selftaught.improvers")]
    assert not (BUNDLED_IMPROVERS / "__init__.py").exists()


def test_it_says_what_it_does_and_defines_the_entry_point(improver):
    tree = ast.parse(improver)
    assert len((ast.get_docstring(tree) or "").splitlines()) == 1
    [entry] = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "improve_algorithm"]
    assert [argument.arg for argument in entry.args.args] == ["initial_solution", "utility", "language_model"]
    assert ast.get_docstring(entry)


def test_it_imports_what_published_improvers_import(improver):
    imported = {node.module for node in ast.walk(ast.parse(improver)) if isinstance(node, ast.ImportFrom)}
    assert imported <= {"helpers", *sys.stdlib_module_names}


@pytest.mark.parametrize(
    "budget", BUDGETS, ids=lambda budget: f"{budget.calls}-{budget.responses}-{budget.utility_calls}"
)
def test_it_stays_within_any_budget(improver, improve, scripted_model, budget):
    model = scripted_model(lambda message, sample: FENCED.format(factor=sample / 2))
    result = improve(improver, model=model, budget=budget)
    assert result.improvement.outcome in (Outcome.OK, Outcome.BUDGET_EXCEEDED)
    assert result.usage.calls <= budget.calls
    assert result.usage.utility_calls <= budget.utility_calls
    assert all(len(request.messages) * request.n_responses <= budget.responses for request in model.asked)


def test_it_returns_the_best_that_it_was_offered(improver, improve, scripted_model):
    factors = [0.0, 1.0, 2.0, 0.5, 1.0, 0.0]
    result = improve(improver, model=scripted_model(lambda message, sample: FENCED.format(factor=factors[sample])))
    assert result.improvement.outcome is Outcome.OK
    assert "2.0 * number" in result.improvement.solution
    assert result.violations == []


def test_it_shows_the_model_the_program_and_how_it_is_judged(improver, improve, scripted_model, doubling):
    result = improve(improver, model=scripted_model(lambda message, sample: FENCED.format(factor=1)))
    for request in result.model.asked:
        for message in request.messages:
            assert doubling.seed_solution.strip() in message
            assert doubling.utility_source.strip() in message


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "I cannot do that.",
        "```\n```",
        "```python\ndef f(:\n```",
        "```python\nwhile True: pass\n```",
        "\x00",
        "```" * 1000,
    ],
    ids=["empty", "no code", "empty fence", "broken code", "endless code", "null", "fences"],
)
def test_rubbish_from_the_model_is_an_outcome(improver, improve, scripted_model, answer):
    improvement = improve(improver, model=scripted_model(lambda *_: answer)).improvement
    assert improvement.outcome in ENDINGS | {Outcome.BAD_OUTPUT}
    assert (improvement.solution is not None) == (improvement.outcome is Outcome.OK)


def test_a_model_that_does_not_answer_is_an_outcome(improver, improve, broken_model):
    improvement = improve(improver, model=broken_model()).improvement
    assert improvement.outcome is Outcome.RAISED
    assert improvement.message.endswith("LanguageModelError: the model is out of order")


def test_it_does_the_same_twice_on_the_embedded_model(improver, improve, sandbox):
    budget = Budget(calls=2, responses=3, utility_calls=6)
    first, again = (improve(improver, model=find_model("gp")(sandbox, 0), budget=budget) for _ in range(2))
    assert first.improvement == again.improvement
    assert first.recorder.exchanges == again.recorder.exchanges


@pytest.mark.parametrize("name", ["greedy", "best_of_n"])
def test_what_keeps_the_best_never_returns_worse_than_it_was_given(name, improve, scripted_model, doubling):
    model = scripted_model(lambda *_: FENCED.format(factor=0))
    assert improve(bundled_improver(name), model=model).improvement.solution == doubling.seed_solution


def test_greedy_asks_about_the_best_so_far(improve, scripted_model):
    answers = iter(["1.5", "0", "2", "0"])
    model = scripted_model(lambda message, sample: FENCED.format(factor=next(answers)))
    improve(bundled_improver("greedy"), model=model, budget=Budget(calls=4, responses=1, utility_calls=9))
    shown = [message.split("```python\n")[1].split("```")[0] for request in model.asked for message in request.messages]
    assert ["[number for" in shown[0], "1.5 *" in shown[1], "1.5 *" in shown[2], "2 *" in shown[3]] == [True] * 4


def test_best_of_n_asks_about_the_first_every_time(improve, scripted_model, doubling):
    model = scripted_model(lambda message, sample: FENCED.format(factor=2))
    improve(bundled_improver("best_of_n"), model=model)
    assert len({request.messages for request in model.asked}) == 1
    assert len(model.asked) == 4


def test_the_seed_improver_asks_once(improve, scripted_model):
    result = improve(
        bundled_improver("seed"), model=scripted_model(lambda message, sample: FENCED.format(factor=sample))
    )
    counts = {"calls": 1, "responses": 6, "utility_calls": 6, "evaluations": 0}
    assert result.improvement.usage.counts() == counts
