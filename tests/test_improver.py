"""Improver sessions: the paper's interface, whole, over requests; budgets and records on this side of them."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import re
import signal
from pathlib import Path

import pytest

from selftaught import improver as improver_module
from selftaught.budget import Budget
from selftaught.errors import ConfigError, Outcome, TaskError
from selftaught.improver import bundled_improver, bundled_improver_names, find_improver
from selftaught.models import Reply
from selftaught.worker.messages import PromptResponse, Refusal, UtilityResponse

from .conftest import ListRecorder

PROGRAMS = sorted((Path(__file__).parent / "programs" / "improvers").glob("*.py"))
SHORT = dataclasses.replace(improver_module.IMPROVER_LIMITS, cpu_seconds=0.5)
"""The real limit is 30 s of CPU time."""


def header(path: Path, key: str) -> str:
    found = re.search(rf"^# {key}: (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else ""


def agrees(said: str, found: str) -> bool:
    return said in ("any", found)


@pytest.fixture
def answering_model(scripted_model):
    """Answers so that a test can tell which sample of which message it has."""
    return scripted_model(lambda message, sample: f"answer {sample} to {message}")


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_an_improver_ends_as_it_should(path, improve, answering_model, monkeypatch):
    monkeypatch.setattr(improver_module, "IMPROVER_LIMITS", SHORT)
    calls, responses, uses = map(int, (header(path, "budget") or "4 6 25").split())
    budget = Budget(calls=calls, responses=responses, utility_calls=uses)
    result = improve(path.read_text(encoding="utf-8"), model=answering_model, budget=budget)
    improvement = result.improvement
    assert re.fullmatch(header(path, "expect"), improvement.outcome), improvement.message
    if improvement.outcome is Outcome.OK:
        assert re.fullmatch(header(path, "solution"), improvement.solution)
        assert improvement.message == ""
    else:
        assert improvement.solution is None
        assert re.fullmatch(header(path, "says"), improvement.message)
        assert len(improvement.message) <= 500
    assert agrees(header(path, "violations"), ", ".join(result.violations))
    assert all(len(violation.detail) <= 500 for violation in improvement.violations)
    assert agrees(header(path, "calls") or "0", str(improvement.usage.calls))
    assert agrees(header(path, "uses") or "0", str(improvement.usage.utility_calls))
    assert improvement.usage.calls <= calls
    assert improvement.usage.utility_calls <= uses
    assert len(answering_model.asked) == improvement.usage.calls


HEAD = "def improve_algorithm(initial_solution, utility, language_model):\n"


@pytest.mark.parametrize(
    "source", ["", "\n", "x\x00", "\ud800", "#" * 300_000], ids=["empty", "blank", "null", "surrogate", "long"]
)
def test_text_that_cannot_be_an_improver_is_not_run(improve, source):
    result = improve(source)
    assert (result.improvement.outcome, result.improvement.solution) == (Outcome.INVALID_SOURCE, None)
    assert result.recorder.exchanges == []


def test_every_exchange_is_recorded_in_the_order_of_the_answers(improve, scripted_model):
    source = HEAD + (
        "    [answer] = language_model.prompt('expert', 'a question', temperature=0.5)\n"
        "    value = utility(answer)\n"
        "    try:\n"
        "        [language_model.prompt('expert', 'a question') for _ in range(5)]\n"
        "    except Exception:\n"
        "        return f'{value}'\n"
    )
    budget = Budget(calls=2, responses=3, utility_calls=4)
    result = improve(
        source, model=scripted_model(lambda message, sample: "def double(n): return [0] * 6"), budget=budget
    )
    assert result.improvement.solution == "0.0"
    prompt, use, second, refused = result.recorder.exchanges
    assert [prompt[0], use[0], second[0], refused[0]] == ["PromptRequest", "UtilityRequest", *["PromptRequest"] * 2]
    assert prompt[1].messages == ["a question"]
    assert prompt[2] == PromptResponse(id=1, answers=["def double(n): return [0] * 6"], times_used=1)
    assert use[1].solution == "def double(n): return [0] * 6"
    assert use[2] == UtilityResponse(id=2, value=0.0, uses=1)
    assert second[2].times_used == 2
    message = "the budget of calls of the language model is used up: 2 of 2"
    assert refused[2] == Refusal(id=4, kind="budget", message=message)


def test_an_exchange_is_recorded_before_the_improver_learns_of_it(improve, scripted_model, recorder):
    class SlowRecorder(type(recorder)):
        async def exchange(self, *exchange):
            await asyncio.sleep(0.05)
            await super().exchange(*exchange)

    class Looking(scripted_model):
        async def answer(self, request):
            recorded.append(len(slow.exchanges))
            return Reply.of(["x"])

    slow, recorded = SlowRecorder(), []
    improve(
        f"{HEAD}    return ''.join(language_model.prompt('e', 'm')[0] for _ in range(3))",
        model=Looking(),
        recorder=slow,
    )
    assert recorded == [0, 1, 2]


def test_the_same_request_again_is_another_sample(improve, answering_model):
    source = HEAD + (
        "    for message in 'aba':\n"
        "        language_model.prompt('expert', message, temperature=0.25)\n"
        "    language_model.prompt('expert', 'a', temperature=0.5)\n"
        "    return initial_solution\n"
    )
    asked = improve(source, model=answering_model).model.asked
    assert [(request.messages, request.ordinal) for request in asked] == [
        (("a",), 0), (("b",), 0), (("a",), 1), (("a",), 0),
    ]  # fmt: skip
    assert {request.scope for request in asked} == {"a test"}
    assert {request.expertise for request in asked} == {"expert"}


def test_what_an_improvement_uses_counts_for_the_run(improve, answering_model):
    source = HEAD + (
        "    language_model.prompt('expert', 'a', n_responses=3)\n"
        "    language_model.batch_prompt('expert', ['a', 'b'])\n"
        "    utility(initial_solution)\n"
        "    return initial_solution\n"
    )
    result = improve(source, model=answering_model)
    counts = {
        "calls": 2,
        "responses": 5,
        "responses_known": 0,
        # A prompt counts once, however many samples it brings; each message of a batch has the expertise with it.
        "characters_sent": 3 * len("experta"),
        "characters_received": 5 * len("answer 0 to a"),
        "utility_calls": 1,
        "evaluations": 0,
    }
    assert result.improvement.usage.counts() == result.usage.counts() == counts
    assert [reply.texts for _, reply in result.recorder.calls] == [
        ["answer 0 to a", "answer 1 to a", "answer 2 to a"],
        ["answer 0 to a", "answer 0 to b"],
    ]


@pytest.mark.parametrize(
    ("body", "outcome", "says"),
    [
        ("return language_model.prompt('e', 'm')[0]", Outcome.RAISED, r"line \d: LanguageModelError: .* out of order"),
        (
            "try:\n        language_model.prompt('e', 'm')\n    except Exception:\n        return initial_solution",
            Outcome.OK,
            "",
        ),
    ],
    ids=["not caught", "caught"],
)  # fmt: skip
def test_a_model_that_does_not_answer_is_the_improver_s_to_deal_with(improve, broken_model, body, outcome, says):
    improvement = improve(f"{HEAD}    {body}\n", model=broken_model()).improvement
    assert improvement.outcome is outcome
    assert re.fullmatch(says, improvement.message)


def test_the_clock_on_the_wall_stands_still_while_the_model_thinks(improve, scripted_model, monkeypatch):
    class SlowModel(scripted_model):
        async def answer(self, request):
            await asyncio.sleep(1.8)
            return Reply.of(["def double(n): return n"])

    monkeypatch.setattr(improver_module, "IMPROVER_LIMITS", dataclasses.replace(SHORT, wall_seconds=1.5))
    improvement = improve(f"{HEAD}    return language_model.prompt('e', 'm')[0]\n", model=SlowModel()).improvement
    assert (improvement.outcome, improvement.solution) == (Outcome.OK, "def double(n): return n")


def test_several_requests_are_served_at_the_same_time(improve, scripted_model):
    class Meeting(scripted_model):
        """Answers the first as soon as three have asked."""

        async def answer(self, request):
            self.asked.append(request)
            while len(self.asked) < 3:
                await asyncio.sleep(0.001)
            return Reply.of(request.messages)

    source = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        + HEAD
        + "    with ThreadPoolExecutor() as threads:\n"
        + "        return repr([answer for [answer] in threads.map(lambda m: language_model.prompt('e', m), 'abc')])\n"
    )
    assert improve(source, model=Meeting()).improvement.solution == "['a', 'b', 'c']"


def test_answers_may_come_in_another_order_than_the_requests(improve, scripted_model):
    class LastFirst(scripted_model):
        async def answer(self, request):
            await asyncio.sleep({"a": 0.06, "b": 0.03, "c": 0.0}[request.messages[0]])
            return Reply.of(request.messages)

    source = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        + HEAD
        + "    with ThreadPoolExecutor() as threads:\n"
        + "        return repr([answer for [answer] in threads.map(lambda m: language_model.prompt('e', m), 'abc')])\n"
    )
    assert improve(source, model=LastFirst()).improvement.solution == "['a', 'b', 'c']"


def test_random_numbers_of_an_improver_follow_from_the_rng_seed(improve):
    source = f"import random, numpy\n{HEAD}    return repr((random.random(), numpy.random.rand()))\n"
    first, again, other = (improve(source, rng_seed=seed).improvement.solution for seed in (0, 0, 1))
    assert first == again != other


def test_a_failure_of_the_task_s_own_code_is_not_the_improver_s(improve, doubling):
    broken = dataclasses.replace(
        doubling, utility_source=doubling.utility_source.replace("(numbers,) =", "import os; os._exit(1); (numbers,) =")
    )
    with pytest.raises(TaskError, match="the utility of task doubling ended"):
        improve(f"{HEAD}    return initial_solution * (utility(initial_solution) > 0)\n", task=broken)


def test_an_improver_sees_nothing_of_the_engine(improve):
    source = (
        "import os, sys\n"
        + HEAD
        + "    seen = sorted(name for name in sys.modules if name.startswith('selftaught') and '.worker' not in name)\n"
        + "    return repr((seen, dict(os.environ)))\n"
    )
    assert improve(source).improvement.solution == "(['selftaught'], {})"


def test_bundled_improvers_are_found_by_name_and_others_by_file(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("# an improver", encoding="utf-8")
    assert find_improver(str(file)) == "# an improver"
    for name in bundled_improver_names():
        assert find_improver(name) == bundled_improver(name)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "cannot be used: it is empty"),
        (b"\xff\xfe", "cannot be read: "),
        (b"x\x00", "cannot be used: it contains a null"),
    ],
    ids=["empty", "no text", "null"],
)
def test_a_file_that_is_no_improver_is_refused_by_its_path(tmp_path, content, says):
    file = tmp_path / "mine.py"
    file.write_bytes(content)
    with pytest.raises(ConfigError) as raised:
        find_improver(str(file))
    assert str(raised.value).startswith(f"the improver {file} {says}")


def test_an_unknown_improver_is_refused_with_the_nearest_names(tmp_path):
    with pytest.raises(ConfigError, match="there is no improver or file 'gredy'; did you mean greedy"):
        find_improver("gredy")
    with pytest.raises(ConfigError, match="there is no improver or file"):
        find_improver(str(tmp_path))


SEARCHES = """
def improve_algorithm(initial_solution, utility, language_model):
    best = initial_solution
    for _ in range(3):
        answers = language_model.batch_prompt("an expert", [f"improve {utility(best)}", "again"], temperature=0.5)
        best = max([best, *answers], key=utility)
    try:
        while True:
            utility(best)
    except Exception as error:
        return best + f"# {type(error).__name__}"
"""


class KillingRecorder(ListRecorder):
    """Kills everything that runs in a sandbox before one of the exchanges is answered."""

    def __init__(self, sandbox, at: int) -> None:
        super().__init__()
        self._sandbox = sandbox
        self._at = at

    async def exchange(self, *arguments: object) -> None:
        await super().exchange(*arguments)
        if len(self.exchanges) == self._at:
            for zygote in list(self._sandbox._zygotes):
                os.kill(zygote.pid, signal.SIGKILL)


@pytest.mark.parametrize("at", [1, 2, 5, 12])
def test_an_improver_that_is_lost_starts_again_and_nothing_is_paid_for_twice(improve, scripted_model, sandbox, at):
    def script(message, sample):
        return f"def double(numbers): return [{sample} * number for number in numbers]"

    undisturbed = improve(SEARCHES, model=scripted_model(script))
    disturbed = improve(SEARCHES, model=scripted_model(script), recorder=KillingRecorder(sandbox, at))
    assert undisturbed.improvement.outcome is Outcome.OK
    assert dataclasses.replace(disturbed.improvement, violations=()) == dataclasses.replace(
        undisturbed.improvement, violations=()
    )
    assert disturbed.model.asked == undisturbed.model.asked
    assert disturbed.recorder.exchanges == undisturbed.recorder.exchanges
    assert disturbed.violations == undisturbed.violations == ["budget"]
