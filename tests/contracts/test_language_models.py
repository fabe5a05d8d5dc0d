"""What everything that speaks the language-model protocol keeps: every model of the registry, and the tests' own."""

from __future__ import annotations

import asyncio
import itertools
import json
from dataclasses import replace
from pathlib import Path

import pytest

from selftaught.budget import Budget
from selftaught.models import LanguageModel, ModelContext, ModelInfo, Reply, Request, find_model, model_infos
from selftaught.models.answers_on_record import AskedBy, CameTo
from selftaught.models.mailbox import Mailbox
from selftaught.models.recording import Header, RecordedBudget, RecordedInfo, write_recording
from selftaught.sandbox import Sandbox

NAMES = ["gp", "gp-expressions", "mailbox:DIR", "replay:FILE"]
"""Those that need nobody else; a model that somebody serves is `remote` over a provider, and tested as these two."""
PROGRAM = "def {name}(x):\n    y = x * 2 + 1\n    return max(y, 3)\n"


def message_about(name: str) -> str:
    return f"Improve this program:\n\n```python\n{PROGRAM.format(name=name)}```\n"


@pytest.fixture(params=[*NAMES, "scripted"])
def make_model(request, sandbox, scripted_model, tmp_path):
    """`make_model(rng_seed)`: each language model in turn; into the mailbox somebody writes while it sleeps."""
    if request.param == "scripted":
        return lambda rng_seed=0: scripted_model()
    if request.param == "mailbox:DIR":
        return lambda rng_seed=0: answered_mailbox(tmp_path / "box", rng_seed)
    if request.param == "replay:FILE":
        return lambda rng_seed=0: RecordedFirst(scripted_model(), sandbox, tmp_path / f"{rng_seed}.jsonl")
    return lambda rng_seed=0: find_model(request.param)(ModelContext(sandbox=sandbox, rng_seed=rng_seed))


class RecordedFirst(LanguageModel):
    """The model of a recording into which whatever is asked has been written a moment before."""

    def __init__(self, first: LanguageModel, sandbox: Sandbox, path: Path) -> None:
        self._first = first
        self._context = ModelContext(sandbox=sandbox, rng_seed=0)
        self._path = path
        self._came_to: dict[AskedBy, CameTo] = {}
        self.improvement_budget, self.meta_budget = first.improvement_budget, first.meta_budget
        self.info = self._recorded().info

    async def answer(self, request: Request) -> Reply:
        request = replace(request, improver="0" * 64)
        texts, n = (await self._first.answer(request)).texts, request.n_responses
        self._came_to[AskedBy.of(request)] = [texts[start : start + n] for start in range(0, len(texts), n)]
        return await self._recorded().answer(request)

    def _recorded(self) -> LanguageModel:
        self._path.unlink(missing_ok=True)
        budget = RecordedBudget(**vars(self.improvement_budget))
        header = Header(
            version=1, made_by="a test", run_id="r-1", kind="run", models=[RecordedInfo(**vars(self._first.info))],
            improvement_budget=budget, meta_budget=budget, settings={"rng_seed": 0}, tasks={}, improvers={},
            requests=len(self._came_to),
        )  # fmt: skip
        write_recording(self._path, header, self._came_to.items())
        return find_model(f"replay:{self._path}")(self._context)


def answered_mailbox(box: Path, rng_seed: int) -> Mailbox:
    """A mailbox whose writer repeats the message in each answer; its clock goes on a second a look."""
    now = itertools.count()

    async def sleep(_seconds: float) -> None:
        await asyncio.sleep(0)
        for request in box.glob("[!.]*/request.json"):
            asked = json.loads(request.read_text(encoding="utf-8"))
            for name in asked["answers"]:
                if not (request.parent / name).exists():
                    (request.parent / name).write_text(f"{name}: {asked['message']}", encoding="utf-8")

    return Mailbox(box, rng_seed, clock=lambda: next(now), sleep=sleep)


def request_of(*messages, n_responses=2, temperature=0.7, scope="a scope", ordinal=0) -> Request:
    return Request(
        expertise="You write Python.", messages=messages, n_responses=n_responses, temperature=temperature,
        scope=scope, ordinal=ordinal,
    )  # fmt: skip


@pytest.fixture
def answers_of(run, make_model):
    """`answers_of(request, rng_seed)`: what a new model object answers."""
    return lambda request, rng_seed=0: run(make_model(rng_seed).answer(request)).texts


def test_it_says_what_it_is(make_model):
    model = make_model()
    assert isinstance(model.info, ModelInfo)
    assert model.info.name
    assert model.info.summary
    assert model.info.version
    assert isinstance(model.improvement_budget, Budget)
    assert isinstance(model.meta_budget, Budget)


def test_what_is_no_language_model_says_so_on_every_screen():
    for info in model_infos():
        assert info.is_language_model or "not a language model" in (info.notice or "")


@pytest.mark.parametrize("n_responses", [1, 2, 5])
@pytest.mark.parametrize("n_messages", [1, 3])
def test_every_message_gets_its_samples(answers_of, n_messages, n_responses):
    messages = [message_about(f"name_{number}") for number in range(n_messages)]
    answers = answers_of(request_of(*messages, n_responses=n_responses))
    assert len(answers) == n_messages * n_responses
    assert all(type(answer) is str for answer in answers)


def test_answers_come_in_the_order_of_the_messages(answers_of):
    names = ["first_one", "second_one", "third_one"]
    answers = answers_of(request_of(*map(message_about, names), n_responses=2))
    for index, answer in enumerate(answers):
        assert names[index // 2] in answer
        assert not [other for other in names if other != names[index // 2] and other in answer]


def test_the_same_request_gets_the_same_answers_also_amid_others(run, make_model, answers_of):
    request = request_of(message_about("f"))
    others = [request_of(message_about("g"), ordinal=number) for number in range(3)]

    async def amid_others():
        model = make_model()
        return (await asyncio.gather(*map(model.answer, [others[0], request, *others[1:]])))[1].texts

    assert answers_of(request) == answers_of(request) == run(amid_others())


@pytest.mark.parametrize(
    "message",
    ["", "Say hello.", "```python\n```", "```python\ndef f(:\n```", "\x00\x1b[31m", "`" * 10_000, "x" * 300_000],
    ids=["empty", "no program", "empty program", "broken program", "control characters", "backticks", "long"],
)
def test_any_message_gets_answers_that_are_text(answers_of, message):
    answers = answers_of(request_of(message))
    assert len(answers) == 2
    for answer in answers:
        answer.encode()


@pytest.mark.parametrize("temperature", [0, 0.0, 0.7, 1.0, 10.0])
def test_any_temperature_that_improvers_may_ask_for_is_taken(answers_of, temperature):
    assert len(answers_of(request_of(message_about("f"), temperature=temperature))) == 2


# ---------------------------------------------------------------- gp


@pytest.fixture
def gp(run, sandbox):
    def answers(request, rng_seed=0):
        context = ModelContext(sandbox=sandbox, rng_seed=rng_seed)
        return run(find_model("gp")(context).answer(request)).texts

    return answers


@pytest.mark.parametrize(
    "other",
    [
        (request_of(message_about("f"), n_responses=6, ordinal=1), 0),
        (request_of(message_about("f"), n_responses=6, scope="another"), 0),
        (request_of(message_about("f"), n_responses=6), 1),
    ],
    ids=["asked again", "another scope", "another rng_seed"],
)
def test_gp_answers_otherwise_when_asked_again_elsewhere_or_from_another_seed(gp, other):
    assert gp(request_of(message_about("f"), n_responses=6)) != gp(*other)


def test_gp_gives_the_same_message_twice_in_a_batch_different_samples(gp):
    answers = gp(request_of(message_about("f"), message_about("f"), n_responses=6))
    assert answers[:6] != answers[6:]


def test_the_weaker_gp_has_the_same_budgets_and_other_answers(run, sandbox):
    models = [find_model(name)(ModelContext(sandbox=sandbox, rng_seed=0)) for name in ("gp", "gp-expressions")]
    assert models[0].improvement_budget == models[1].improvement_budget
    assert models[0].meta_budget == models[1].meta_budget
    first, second = (run(model.answer(request_of(message_about("f"), n_responses=6))) for model in models)
    assert first != second


def test_a_request_is_named_by_what_is_asked_not_by_who_asks():
    first = request_of("m")
    assert first.sha256 == request_of("m", scope="another", ordinal=5).sha256
    others = [request_of("n"), request_of("m", "m"), request_of("m", n_responses=3), request_of("m", temperature=0.8)]
    assert len({request.sha256 for request in [first, *others]}) == 5
