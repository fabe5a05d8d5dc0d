"""Improvers in the manner of those that the paper's models wrote for its released code: they run as they are.

The texts in `tests/programs/improvers/published` are ours; the habits in them are what the released interface invites.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from selftaught.budget import Budget
from selftaught.errors import Outcome
from selftaught.models import ModelContext, find_model

PUBLISHED = sorted((Path(__file__).parent.parent / "programs" / "improvers" / "published").glob("*.py"))
PAPER = Budget(calls=4, responses=6, utility_calls=25)
IDS = [path.stem for path in PUBLISHED]


def violations_said_in(source: str) -> list[str]:
    said = re.search(r"^# violations: (.*)$", source, re.MULTILINE)
    return said[1].split(", ") if said else []


def usage_of(result) -> dict[str, int]:
    return result.usage.counts()


@pytest.fixture
def gp(run, sandbox):
    """The embedded proposer, over the shared sandbox."""
    return find_model("gp")(ModelContext(sandbox=sandbox, rng_seed=0))


@pytest.fixture
def nearly_doubling(doubling):
    """The task with a seed solution of value 0.75, and with a number in it for the embedded proposer to change."""
    return dataclasses.replace(
        doubling, seed_solution="def double(numbers):\n    return [1.5 * number for number in numbers]\n"
    )


@pytest.fixture
def doubling_model(scripted_model):
    """A model that mostly answers with programs, of which the sixth sample is the right one."""

    def script(message: str, sample: int) -> str:
        if sample == 4:
            return "Nothing comes to mind."
        factor = 2 if sample == 5 else 1 + 0.1 * sample
        return f"Idea {sample}.\n\n```python\ndef double(numbers):\n    return [{factor} * n for n in numbers]\n```\n"

    return scripted_model(script)


def check(result, source: str, budget: Budget = PAPER) -> None:
    improvement = result.improvement
    assert improvement.outcome is Outcome.OK, improvement.message
    assert "def double" in improvement.solution
    assert result.violations == violations_said_in(source)
    assert result.usage.calls <= budget.calls
    assert result.usage.utility_calls <= budget.utility_calls
    assert len([None for method, *_ in result.recorder.exchanges if method == "UtilityRequest"]) >= 1


def test_there_are_many():
    assert len(PUBLISHED) >= 14


@pytest.mark.parametrize("path", PUBLISHED, ids=IDS)
def test_it_runs_as_it_is_with_a_model(path, improve, doubling_model, evaluate, doubling):
    source = path.read_text(encoding="utf-8")
    result = improve(source, model=doubling_model)
    check(result, source)
    assert len(doubling_model.asked) == result.usage.calls
    assert evaluate(doubling, result.improvement.solution).value >= 0.5


@pytest.mark.parametrize("path", PUBLISHED, ids=IDS)
def test_it_does_the_same_twice_with_the_embedded_model(path, improve, gp, evaluate, nearly_doubling):
    source = path.read_text(encoding="utf-8")
    first, second = (improve(source, model=gp, task=nearly_doubling) for _ in range(2))
    check(first, source)
    assert first.improvement.solution == second.improvement.solution
    assert usage_of(first) == usage_of(second)
    assert evaluate(nearly_doubling, first.improvement.solution).outcome is Outcome.OK


def improver_that(*lines: str) -> str:
    body = "\n".join(f"    {line}" for line in lines)
    return f"def improve_algorithm(initial_solution, utility, language_model):\n{body}\n"


def test_a_batch_may_be_any_iterable_of_messages(improve):
    source = improver_that("return repr(language_model.batch_prompt('e', (m for m in ['c', 'a', 'b']), temperature=1))")
    assert improve(source).improvement.solution == "['c', 'a', 'b']"


@pytest.mark.parametrize("batch", ["'text'", "b'text'", "7", "None", "[]", "[1]"])
def test_a_batch_of_anything_else_is_refused_and_costs_nothing(improve, batch):
    result = improve(improver_that(f"language_model.batch_prompt('e', {batch})"))
    assert result.improvement.outcome is Outcome.RAISED
    assert "AssertionError" in result.improvement.message
    assert result.usage.calls == 0


@pytest.mark.parametrize("n", ["True", "2.0", "'2'", "None", "0", "-1", "np.int64(7)"])
def test_a_number_of_responses_that_is_none_is_refused_and_costs_nothing(improve, n):
    result = improve("import numpy as np\n" + improver_that(f"language_model.prompt('e', 'm', n_responses={n})"))
    assert "AssertionError" in result.improvement.message
    assert result.usage.calls == 0


def test_the_programs_of_numpy_arrays_are_text(improve):
    source = "import numpy as np\n" + improver_that(
        "program = np.array([initial_solution, 'x'])[0]",
        "assert type(program) is not str and utility(program) == 0.5",
        "assert language_model.prompt('e', program, np.int8(2)) == [initial_solution] * 2",
        "return program",
    )
    result = improve(source)
    assert (result.improvement.outcome, result.improvement.message) == (Outcome.OK, "")
    assert type(result.improvement.solution) is str


def test_what_the_interface_has_not_is_said_with_what_it_has(improve):
    said = improve(improver_that("language_model.model_name")).improvement.message
    assert "LanguageModel has no attribute 'model_name'; it has batch_prompt, budget, max_responses_per_call" in said
    said = improve(improver_that("utility.func(initial_solution)")).improvement.message
    assert "UtilityView has no attribute 'func'; it has budget, increment_uses, str, uses" in said


def test_settings_of_the_released_wrapper_have_no_effect_and_are_on_record(improve):
    source = improver_that("language_model.use_cache = False", "language_model.rate_limit = 9", "return 'x'")
    result = improve(source)
    assert result.improvement.outcome is Outcome.OK
    assert [violation.detail for violation in result.improvement.violations] == [
        "set LanguageModel.use_cache",
        "set LanguageModel.rate_limit",
    ]


@pytest.mark.parametrize(
    "making", ["LanguageModel(9)", "LanguageModel(budget=9, model='m')", "type(language_model)(budget=9)", "Mine()"]
)
def test_a_model_of_its_own_is_the_one_it_has(improve, making):
    source = "from language_model import LanguageModel\n\n\nclass Mine(LanguageModel):\n    pass\n\n\n" + improver_that(
        f"own = {making}", "own.prompt('e', 'm')", "return repr((own is language_model, own.budget, own.times_used))"
    )
    result = improve(source)
    assert result.improvement.solution == "(True, 4, 1)"
    assert result.violations == ["new_language_model"]


@pytest.mark.parametrize(
    "pool", ["multiprocessing.Pool(2)", "concurrent.futures.ProcessPoolExecutor()", "multiprocessing.Process().start()"]
)
def test_processes_are_refused_and_on_record(improve, pool):
    result = improve("import concurrent.futures\nimport multiprocessing\n" + improver_that(pool))
    assert result.improvement.outcome is Outcome.RAISED
    assert "Operation not permitted" in result.improvement.message
    assert set(result.violations) <= {"file", "process"}
    assert result.violations
