"""What every bundled improver keeps, whatever the model answers."""

from __future__ import annotations

import ast
import dataclasses
import itertools
import sys
from random import Random

import pytest

from selftaught.budget import Budget
from selftaught.errors import LanguageModelError, Outcome
from selftaught.improver import BUNDLED_IMPROVERS, bundled_improver, bundled_improver_names
from selftaught.models import ModelContext, find_model
from selftaught.worker.code_blocks import extract_code, fenced_blocks
from selftaught.worker.gp import propose

NAMES = bundled_improver_names()
EXPECTED = {
    "seed", "greedy", "best_of_n", "chain_of_thought", "program_of_thoughts", "tree_of_thoughts", "beam_search",
    "genetic", "simulated_annealing", "bandit", "decompose", "temperature", "epsilon_greedy", "map_elites",
}  # fmt: skip
ITERATED = [name for name in NAMES if name != "seed"]
"""Those that ask as often as the budgets allow and keep the best, what they were given included."""
PLANNED = [name for name in ITERATED if name not in {"greedy", "best_of_n"}]
"""Those that also reckon with models that fail or repeat themselves; the others stay as figures were published with."""
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


@pytest.fixture(params=ITERATED)
def iterated(request) -> str:
    """The source of each improver that uses up its budget."""
    return bundled_improver(request.param)


@pytest.fixture(params=PLANNED)
def planned(request) -> str:
    """The source of each improver that plans for models that fail or repeat themselves."""
    return bundled_improver(request.param)


@pytest.fixture
def answering(scripted_model):
    """`answering(answers)`: a model that gives these answers one after the other, whatever it is asked."""

    def answering(answers):
        left = iter(answers)
        return scripted_model(lambda message, sample: next(left))

    return answering


def factors(*given, then=0):
    """Answers with programs that multiply by these numbers, then by ever new ones that are worse than all."""
    rest = (f"{then} - {number}" for number in itertools.count(1))
    return (FENCED.format(factor=factor) for factor in itertools.chain(given, rest))


def programs_in(message: str) -> list[str]:
    """The programs that a prompt shows: its blocks before the description of the utility, or after it."""
    return [block for block in fenced_blocks(message) if "def double" in block]


def messages_to(model) -> list[tuple[str, ...]]:
    """What a model was asked: the messages of each call, one for each answer."""
    return [request.messages * request.n_responses for request in model.asked]


def test_all_are_there():
    assert set(NAMES) == EXPECTED


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


@pytest.mark.parametrize(
    "budget",
    [*BUDGETS, Budget(calls=1, responses=1, utility_calls=2), Budget(calls=16, responses=8, utility_calls=145)],
    ids=lambda budget: f"{budget.calls}-{budget.responses}-{budget.utility_calls}",
)
def test_it_uses_up_any_budget_and_asks_for_no_more(planned, improve, answering, budget):
    result = improve(planned, model=answering(factors()), budget=budget)
    assert result.improvement.outcome is Outcome.OK
    assert not result.violations
    all_answers = budget.calls * budget.responses
    assert result.usage.utility_calls == min(budget.utility_calls, 1 + all_answers)
    assert result.usage.responses == min(budget.utility_calls - 1, all_answers)


def test_at_the_papers_budget_it_asks_for_every_answer_and_values_it(iterated, improve, answering):
    usage = improve(iterated, model=answering(factors())).usage
    assert (usage.calls, usage.responses, usage.utility_calls) == (4, 24, 25)


def test_it_returns_the_best_that_it_was_offered(improver, improve, answering):
    result = improve(improver, model=answering(factors(0.0, 1.0, 2.0, 0.5, 1.1)))
    assert result.improvement.outcome is Outcome.OK
    assert "2.0 * number" in result.improvement.solution
    assert not result.violations


def test_it_finds_the_best_in_its_last_answer_too(iterated, improve, answering):
    result = improve(iterated, model=answering(factors(*(0.1 * number for number in range(23)), 2.0)))
    assert "2.0 * number" in result.improvement.solution


def test_it_shows_the_model_a_program_and_how_it_is_judged(improver, improve, answering, doubling):
    result = improve(improver, model=answering(factors(1.5, 0.5, 1.2)))
    asked = [message for messages in messages_to(result.model) for message in messages]
    assert all(doubling.seed_solution.strip() in message for message in messages_to(result.model)[0])
    for message in asked:
        assert doubling.utility_source.strip() in message
        assert all("return [" in program for program in programs_in(message))
        assert 1 <= len(programs_in(message)) <= 2


def test_nothing_is_valued_twice(planned, improve, scripted_model):
    result = improve(planned, model=scripted_model(lambda *_: FENCED.format(factor=1.5)))
    assert result.usage.calls == 4
    assert result.usage.utility_calls == 2


def test_its_own_source_is_whole_in_its_prompts_and_the_embedded_model_edits_it(planned, improve, answering, doubling):
    itself = dataclasses.replace(doubling, seed_solution=planned, entry="improve_algorithm")
    result = improve(planned, model=answering(["no idea"] * 24), task=itself)
    assert result.improvement.solution == planned
    message = result.model.asked[0].messages[0]
    assert fenced_blocks(message)[0].strip() == planned.strip()
    edited = extract_code(propose(message, 6, 0.7, Random(0)))
    assert len(set(edited) - {planned}) == 6
    assert all("def improve_algorithm(initial_solution, utility, language_model):" in program for program in edited)


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


def test_rubbish_leaves_what_was_given(planned, improve, scripted_model, doubling):
    answers = itertools.cycle(["", "I cannot.", "```python\ndef f(:\n```", "```python\n1 / 0\n```", "\x00", "```" * 99])
    improvement = improve(planned, model=scripted_model(lambda *_: next(answers))).improvement
    assert (improvement.outcome, improvement.solution) == (Outcome.OK, doubling.seed_solution)


def test_a_solution_that_fails_is_replaced_by_one_that_works(planned, improve, answering, doubling):
    failing = dataclasses.replace(doubling, seed_solution="def double(numbers):\n    return None\n")
    answers = ["nothing", FENCED.format(factor="'a'"), FENCED.format(factor=0.5), *["nothing"] * 21]
    assert "0.5 * number" in improve(planned, model=answering(answers), task=failing).improvement.solution


def test_a_model_that_falls_silent_leaves_the_best_until_then(planned, improve, scripted_model):
    answers = factors(1.5)
    n_left = iter(range(6))

    def six_answers(message, sample):
        if next(n_left, None) is None:
            raise LanguageModelError("the model has gone home", retryable=False)
        return next(answers)

    improvement = improve(planned, model=scripted_model(six_answers)).improvement
    assert improvement.outcome is Outcome.OK
    assert "1.5 * number" in improvement.solution


def test_a_model_that_does_not_answer_is_an_outcome(improver, improve, broken_model):
    improvement = improve(improver, model=broken_model()).improvement
    assert improvement.outcome is Outcome.RAISED
    assert improvement.message.endswith("LanguageModelError: the model is out of order")


def test_it_does_the_same_twice_on_the_embedded_model(improver, improve, sandbox):
    budget = Budget(calls=2, responses=3, utility_calls=6)
    first, again = (
        improve(improver, model=find_model("gp")(ModelContext(sandbox=sandbox, rng_seed=0)), budget=budget)
        for _ in range(2)
    )
    assert first.improvement == again.improvement
    assert first.recorder.exchanges == again.recorder.exchanges


def test_what_keeps_the_best_never_returns_worse_than_it_was_given(iterated, improve, answering, doubling):
    assert improve(iterated, model=answering(factors())).improvement.solution == doubling.seed_solution


def test_greedy_asks_about_the_best_so_far(improve, scripted_model):
    answers = iter(["1.5", "0", "2", "0"])
    model = scripted_model(lambda message, sample: FENCED.format(factor=next(answers)))
    improve(bundled_improver("greedy"), model=model, budget=Budget(calls=4, responses=1, utility_calls=9))
    shown = [message.split("```python\n")[1].split("```")[0] for request in model.asked for message in request.messages]
    assert ["[number for" in shown[0], "1.5 *" in shown[1], "1.5 *" in shown[2], "2 *" in shown[3]] == [True] * 4


@pytest.mark.parametrize("name", ["best_of_n", "chain_of_thought"])
def test_independent_tries_ask_about_the_first_every_time(name, improve, scripted_model):
    model = scripted_model(lambda message, sample: FENCED.format(factor=2))
    improve(bundled_improver(name), model=model)
    assert len({request.messages for request in model.asked}) == 1
    assert len(model.asked) == 4


def test_the_seed_improver_asks_once(improve, scripted_model):
    result = improve(
        bundled_improver("seed"), model=scripted_model(lambda message, sample: FENCED.format(factor=sample))
    )
    counts = result.improvement.usage.counts()
    assert (counts["calls"], counts["responses"], counts["utility_calls"]) == (1, 6, 6)


def test_program_of_thoughts_shows_what_the_experiment_of_the_best_printed(improve, answering):
    experiment = "\n\nif __name__ == '__main__':\n    print('doubled:', double([21]))\n```\n"
    model = answering(itertools.chain([FENCED.format(factor=1.5).replace("\n```\n", experiment)], factors()))
    improve(bundled_improver("program_of_thoughts"), model=model)
    first, second, *_ = (messages[0] for messages in messages_to(model))
    assert "Its experiment printed:\n\n````text\nnothing yet\n````" in first
    assert "Its experiment printed:\n\n````text\ndoubled: [31.5]\n````" in second


@pytest.mark.parametrize(
    ("experiment", "shown"),
    [
        ("while True: pass", "KeyboardInterrupt: the experiment was stopped: it takes too long"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("print('x' * 10_000, 'end')", "x end"),
    ],
)
def test_an_experiment_may_end_in_any_way(improve, answering, experiment, shown):
    ending = f"\n\nif __name__ == '__main__':\n    {experiment}\n```\n"
    model = answering(itertools.chain([FENCED.format(factor=1.5).replace("\n```\n", ending)], factors()))
    result = improve(bundled_improver("program_of_thoughts"), model=model)
    assert result.improvement.outcome is Outcome.OK
    [printed] = [block for block in fenced_blocks(messages_to(model)[1][0]) if block.rstrip().endswith(shown)]
    assert len(printed) <= 2001


def test_tree_of_thoughts_goes_deeper_and_turns_back(improve, answering):
    program = (
        "First {factor}.\n\n```python\ndef double(numbers):\n    return [{factor} * number for number in numbers]\n```"
    )
    answers = [program.format(factor=factor) for factor in (1.2, 1.5, 0.8, 0.7, 0.6, 0.5)]
    model = answering(answers)
    improve(bundled_improver("tree_of_thoughts"), model=model, budget=Budget(calls=3, responses=2, utility_calls=9))
    shown = [message for message, _ in messages_to(model)]
    assert ["1.5 *" in shown[1], "1.2 *" in shown[2]] == [True, True]
    assert "made of:\n- First 1.5." in shown[1]
    assert "made of:\n- First 1.2." in shown[2]


def test_tree_of_thoughts_says_what_was_tried_in_vain(improve, answering):
    model = answering(factors())
    improve(bundled_improver("tree_of_thoughts"), model=model, budget=Budget(calls=2, responses=1, utility_calls=3))
    first, second = (messages[0] for messages in messages_to(model))
    assert "gained nothing:\n- none so far" in first
    assert "gained nothing:\n- Idea." in second


def test_beam_search_shares_a_call_among_the_three_best(improve, answering):
    model = answering(factors(0.5, 1.1, 1.2, 1.3, 0.6, 0.7))
    improve(bundled_improver("beam_search"), model=model)
    shown = [programs_in(message)[0] for message in messages_to(model)[1]]
    assert ["1.3 *" in shown[0], "1.2 *" in shown[1], "1.1 *" in shown[2]] == [True] * 3
    assert shown[:3] == shown[3:]


@pytest.mark.parametrize("name", ["genetic", "map_elites"])
def test_two_parents_stand_in_one_prompt_each_in_a_fence(name, improve, answering):
    longer = "Idea.\n\n```python\ndef double(numbers):\n    # {0}\n    return [{1} * number for number in numbers]\n```"
    model = answering(longer.format("x" * number * number, 1 + 0.01 * number) for number in range(24))
    improve(bundled_improver(name), model=model)
    pairs = [programs_in(message) for messages in messages_to(model)[1:] for message in messages]
    assert all(first != second for first, second in (pair for pair in pairs if len(pair) == 2))
    assert sum(len(pair) == 2 for pair in pairs) >= 3


def test_genetic_breeds_from_the_fittest_only(improve, answering):
    model = answering(factors(1.1, 1.2, 1.3, 1.4, 1.5, 1.6))
    improve(bundled_improver("genetic"), model=model)
    parents = {program for message in messages_to(model)[3] for program in programs_in(message)}
    assert len(parents) >= 3
    assert all("1." in program for program in parents)


def test_map_elites_goes_on_from_worse_programs_of_other_shapes(improve, answering, doubling):
    looped = "```python\ndef double(numbers):\n    for _ in range({0}): ...\n    return [0 * n for n in numbers]\n```"
    model = answering(looped.format(number) for number in range(24))
    improve(bundled_improver("map_elites"), model=model)
    parents = [programs_in(message)[0].strip() for messages in messages_to(model) for message in messages]
    assert any("0 * n" in parent for parent in parents)
    assert any(parent == doubling.seed_solution.strip() for parent in parents[6:])


def test_simulated_annealing_goes_on_from_worse_now_and_then_and_returns_the_best(improve, answering, doubling):
    moved = 0
    for rng_seed in range(12):
        model = answering(factors(*(1 - 0.01 * number for number in range(1, 25))))
        budget = Budget(calls=2, responses=2, utility_calls=5)
        result = improve(bundled_improver("simulated_annealing"), model=model, budget=budget, rng_seed=rng_seed)
        assert result.improvement.solution == doubling.seed_solution
        moved += "0.99 *" in messages_to(model)[1][0]
    assert 0 < moved < 12


def test_bandit_tries_every_hint_and_then_plays_the_one_that_serves(improve, scripted_model):
    values = itertools.count(1)

    def only_tuning_helps(message, sample):
        return FENCED.format(factor=f"1 + 0.001 * {next(values)}") if "Tune it" in message else "nothing"

    model = scripted_model(only_tuning_helps)
    improve(bundled_improver("bandit"), model=model, budget=Budget(calls=8, responses=6, utility_calls=49))
    calls = messages_to(model)
    assert len(set(calls[0])) == 6
    played = [sum("Tune it" in message for message in messages) for messages in calls]
    assert played[0] == 1
    assert sum(played) > 48 / 3


def test_decompose_puts_a_function_back_in_its_place(improve, answering, doubling):
    two = (
        "import functools\n\n\n@functools.cache\ndef factor():\n    return 1\n\n\n"
        "def double(numbers):\n    return [factor() * number for number in numbers]  # as it is\n"
    )
    in_parts = dataclasses.replace(doubling, seed_solution=two)
    part = "```python\nHALF = 1\n\n\ndef factor():\n    return HALF + HALF\n```"
    model = answering([part, *["nothing"] * 23])
    result = improve(bundled_improver("decompose"), model=model, task=in_parts)
    assert "`factor`" in messages_to(model)[0][0]
    assert "`double`" in messages_to(model)[0][1]
    assert result.improvement.solution == (
        "import functools\n\n\nHALF = 1\n\n\ndef factor():\n    return HALF + HALF\n\n\n"
        "def double(numbers):\n    return [factor() * number for number in numbers]  # as it is\n"
    )


def test_temperature_rises_while_nothing_helps_and_falls_with_success(improve, answering):
    model = answering(factors(0.9, 0.8, 1.1, 1.2, 0.7))
    improve(bundled_improver("temperature"), model=model, budget=Budget(calls=6, responses=1, utility_calls=9))
    assert [request.temperature for request in model.asked] == pytest.approx([0.6, 0.8, 1.0, 0.8, 0.6, 0.8])


def test_epsilon_greedy_mostly_goes_on_from_the_best(improve, answering):
    model = answering(factors(*(0.1 * number for number in range(6)), 1.5))
    improve(bundled_improver("epsilon_greedy"), model=model, budget=Budget(calls=8, responses=6, utility_calls=49))
    later = [message for messages in messages_to(model)[2:] for message in messages]
    from_the_best = ["1.5 *" in programs_in(message)[0] for message in later]
    assert 0.5 < sum(from_the_best) / len(later) < 1
    assert all(is_best for is_best, message in zip(from_the_best, later, strict=True) if "best so far" in message)
