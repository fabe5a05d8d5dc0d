"""What every provider keeps, over every protocol, against a real server on this machine that answers from a script.

What only one protocol has is tested in `tests/models`; a real model behind two of them, in `test_real_model`.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from selftaught.errors import ModelWarning
from selftaught.ledger import Spending
from selftaught.models import Finish, ModelInfo, Sample
from selftaught.models import endpoint as endpoint_module
from selftaught.models.presets import PRESETS, address_of
from selftaught.models.provider import Completion, Fault, Prompt, Provider, ProviderFault
from selftaught.models.served import _make_provider
from selftaught.settings import ModelSettings

from ..models.http_server import Answer, Asked, Script, ScriptedServer, in_turn, serving
from .shapes import SHAPES, Shape, attributes_of

KEY = "sk-a1b2c3d4e5f60718293a4b5c6d7e8f90"
INFO = ModelInfo(name="test:some-model", summary="a test", is_language_model=True, version="1")


def prompt_of(message: str = "Improve it.", **more: Any) -> Prompt:
    given = {
        "expertise": "You write Python.", "n_samples": 1, "temperature": 0.7, "max_output_tokens": 8192,
        "rng_seed": 11, "seconds": 20.0, **more,
    }  # fmt: skip
    return Prompt(message=message, **given)


@pytest.fixture(params=SHAPES)
def shape(request) -> Shape:
    """Each protocol in turn."""
    return SHAPES[request.param]


class Rig:
    """A provider of a scripted server, whose every use is on a loop of its own."""

    def __init__(self, shape: Shape, server: ScriptedServer, settings: ModelSettings) -> None:
        self.shape = shape
        self.server = server
        preset = PRESETS[shape.preset]
        environment = {preset.key_variables[0]: KEY, preset.url_variable: server.url}
        address = address_of(preset, "some-model", environment)
        self.make: Callable[[], Provider] = lambda: _make_provider(preset, address, settings, INFO)

    def use(self, work: Callable[[Provider], Any]) -> Any:
        async def used() -> Any:
            provider = self.make()
            try:
                return await work(provider)
            finally:
                await provider.close()
                await provider.close()

        return asyncio.run(used())

    def complete(self, *prompts: Prompt) -> Any:
        async def all_of_them(provider: Provider) -> list[Completion]:
            return [await provider.complete(prompt) for prompt in prompts or [prompt_of()]]

        completions = self.use(all_of_them)
        return completions[0] if len(prompts) <= 1 else completions

    def fault(self, *prompts: Prompt) -> ProviderFault:
        with pytest.raises(ProviderFault) as raised:
            self.complete(*prompts)
        return raised.value

    def open(self) -> None:
        self.use(lambda provider: provider.open())


@pytest.fixture
def rig(shape: Shape) -> Iterator[Callable[..., Rig]]:
    """`rig(script or answer)`: a provider whose server answers so."""
    with contextlib.ExitStack() as stack:

        def make(script: Script | Answer, **settings: Any) -> Rig:
            script = in_turn(script) if isinstance(script, Answer) else script
            return Rig(shape, stack.enter_context(serving(script)), ModelSettings(**settings))

        yield make


# ---------------------------------------------------------------- what is asked


def test_it_says_what_it_is(rig, shape):
    asking = rig(shape.answer(["an answer"]))
    provider = asking.make()
    model, price_provider, where = attributes_of(provider)
    assert provider.info == INFO
    assert model == "some-model"
    assert price_provider == "", "nobody knows what a server at another address charges"
    assert where == asking.server.url + ("/v1" if shape.preset == "openai" else "")
    asyncio.run(provider.close())


def test_a_prompt_arrives_whole(rig, shape):
    asking = rig(shape.answer(["an answer"]))
    asking.complete(prompt_of("Überprüfe \N{SNOWMAN} ```\n", max_output_tokens=77))
    [body] = asking.server.posted()
    assert shape.expertise_in(body) == "You write Python."
    assert shape.message_in(body) == "Überprüfe \N{SNOWMAN} ```\n"
    assert shape.settings_in(body) == (0.7, 77)
    [asked] = asking.server.asked
    assert KEY in "".join(asked.headers.values())
    assert KEY not in asked.path
    assert asked.headers["accept-encoding"] == "identity"


def test_no_expertise_is_no_system_message(rig, shape):
    asking = rig(shape.answer(["an answer"]))
    asking.complete(prompt_of(expertise=""))
    [body] = asking.server.posted()
    assert shape.expertise_in(body) == ""
    assert shape.message_in(body) == "Improve it."


def test_several_samples_are_asked_for_where_that_can_be(rig, shape):
    texts = ["one", "two", "three"] if shape.asks_for_n else ["one"]
    completion = rig(shape.answer(texts)).complete(prompt_of(n_samples=3))
    assert [sample.text for sample in completion.samples] == texts


def test_a_temperature_beyond_the_range_is_lowered(rig, shape):
    asking = rig(shape.answer(["an answer"]))
    asking.complete(prompt_of(temperature=10.0))
    temperature, _ = shape.settings_in(asking.server.posted()[0])
    assert temperature == PRESETS[shape.preset].most_temperature


def test_how_much_to_think_is_said(rig, shape):
    expected = {
        "openai": ("high", None),
        "anthropic": ({"type": "adaptive"}, {"type": "enabled", "budget_tokens": 3000}),
        "gemini": ({"thinking_level": "HIGH"}, {"thinking_budget": 3000}),
    }[shape.preset]
    answer = shape.answer(["an answer"])
    for settings, said in zip(({"reasoning_effort": "high"}, {"thinking_tokens": 3000}), expected, strict=True):
        asking = rig(answer, **settings)
        with warnings.catch_warnings():
            warnings.simplefilter("error" if said is not None else "ignore")
            asking.complete()
        assert shape.thinking_in(asking.server.posted()[0]) == said


def test_a_part_that_is_refused_is_left_out_and_not_asked_twice(rig, shape):
    def script(asked: Asked) -> Answer:
        temperature, _ = shape.settings_in(asked.body)
        refusal = shape.error(400, "temperature is not supported by this model")
        return refusal if temperature is not None else shape.answer(["an answer"])

    asking = rig(script)
    asking.complete(prompt_of(), prompt_of())
    assert [shape.settings_in(body)[0] is None for body in asking.server.posted()] == [False, True, True]


def test_what_cannot_be_told_of_thinking_is_left_out_with_a_warning(rig, shape):
    word = {"openai": "reasoning_effort", "anthropic": "thinking", "gemini": "thinking level"}[shape.preset]

    def script(asked: Asked) -> Answer:
        refusal = shape.error(400, f"{word} is not supported by this model")
        return refusal if shape.thinking_in(asked.body) else shape.answer(["an answer"])

    asking = rig(script, reasoning_effort="high")
    with pytest.warns(ModelWarning, match="test:some-model cannot be told") as warned:
        asking.complete(prompt_of(), prompt_of())
    assert len(warned) == 1
    assert len(asking.server.asked) == 3


# ---------------------------------------------------------------- what is taken


@pytest.mark.parametrize(
    ("texts", "end", "sample"),
    [
        (["half of"], "cut_off", Sample(text="half of", finish=Finish.CUT_OFF)),
        ([None], "cut_off", Sample(text="", finish=Finish.CUT_OFF)),
        (["half of"], "refused", Sample(text="", finish=Finish.REFUSED)),
        ([None], "refused", Sample(text="", finish=Finish.REFUSED)),
        ([None], "empty", Sample(text="", finish=Finish.EMPTY)),
        (["  \n"], "complete", Sample(text="", finish=Finish.EMPTY)),
        (["an \ud83d answer"], "complete", Sample(text="an \N{REPLACEMENT CHARACTER} answer")),
        ([f"your key is {KEY}!"], "complete", Sample(text="your key is [key]!")),
        (["```python\n\x00\x1b[31m\n```"], "complete", Sample(text="```python\n\x00\x1b[31m\n```")),
    ],
)
def test_how_a_sample_ended_is_known(rig, shape, texts, end, sample):
    assert rig(shape.answer(texts, end)).complete().samples == (sample,)


def test_thoughts_are_no_part_of_a_sample(rig, shape):
    assert rig(shape.thinking).complete().samples == (Sample(text="said"),)


def test_tokens_are_counted_in_one_way_over_all_protocols(rig, shape):
    completion = rig(shape.answer(["an answer"])).complete()
    assert completion.spending == Spending(tokens_in=90, tokens_cached=40, tokens_out=70, tokens_reasoning=25)


@pytest.mark.parametrize(
    "usage", [None, [], "many", {}, {"prompt_tokens": "9", "input_tokens": [], "promptTokenCount": {}}]
)
def test_usage_that_is_no_usage_counts_nothing(rig, shape, usage):
    answer = shape.answer(["an answer"])
    body = {**answer.body, **{name: usage for name in ("usage", "usageMetadata") if name in answer.body}}
    completion = rig(Answer(body=body)).complete()
    assert completion == Completion(samples=(Sample(text="an answer"),), spending=Spending())


# ---------------------------------------------------------------- faults


STATUSES = [
    (400, "it is too strange", Fault.REJECTED),
    (401, "invalid x-api-key", Fault.KEY),
    (402, "pay first", Fault.KEY),
    (403, "not for you", Fault.KEY),
    (404, "model: some-model", Fault.UNKNOWN_MODEL),
    (408, "too slow", Fault.SLOW),
    (413, "too large", Fault.REJECTED),
    (422, "unprocessable", Fault.REJECTED),
    (429, "rate limit", Fault.BUSY),
    (429, "insufficient balance", Fault.KEY),
    (500, "an error of mine", Fault.DOWN),
    (502, "bad gateway", Fault.DOWN),
    (503, "unavailable", Fault.DOWN),
    (503, "The model is overloaded.", Fault.BUSY),
    (504, "gateway timeout", Fault.DOWN),
    (529, "Overloaded", Fault.BUSY),
]


@pytest.mark.parametrize(("status", "message", "fault"), STATUSES)
def test_a_status_becomes_a_fault_and_is_tried_once(rig, shape, status, message, fault):
    asking = rig(shape.error(status, message))
    raised = asking.fault()
    assert raised.fault is fault
    assert message in str(raised)
    assert len(asking.server.asked) == 1


def test_when_to_ask_again_is_read(rig, shape):
    answer = shape.error(429, "slow down")
    assert rig(answer).fault().retry_after_seconds is None
    waiting = Answer(status=429, body=answer.body, headers={"Retry-After": "12"})
    assert rig(waiting).fault().retry_after_seconds == 12.0


BROKEN = {
    "no JSON": Answer(body=b"<html>hello</html>"),
    "half of JSON": Answer(body=b'{"choices": [{"mess'),
    "nothing": Answer(body=b""),
    "no text": Answer(body=b"\xff\xfe\x00\x01"),
    "nested deeply": Answer(body=b"[" * 200_000),
    "cut in the middle": Answer(body=b'{"x": "' + b"x" * 5000 + b'"}', sends=100),
    "compressed": Answer(body=b"{}", headers={"content-encoding": "gzip"}),
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
def test_what_is_no_answer_is_broken_and_tried_once(rig, answer):
    asking = rig(answer)
    assert asking.fault().fault is Fault.BROKEN
    assert len(asking.server.asked) == 1


def test_who_hangs_up_without_an_answer_is_down(rig):
    asking = rig(Answer(hangs_up=True))
    assert asking.fault().fault is Fault.DOWN
    assert len(asking.server.asked) == 1


def test_json_that_is_no_answer_is_broken(rig, shape):
    for body in shape.no_answers:
        assert rig(Answer(body=body)).fault().fault is Fault.BROKEN, body


def test_a_body_of_any_size_is_bounded(rig, shape, monkeypatch):
    monkeypatch.setattr(endpoint_module, "MAX_BODY_BYTES", 3000)
    assert rig(shape.answer(["x" * 4000])).fault().fault is Fault.BROKEN
    assert rig(shape.error(500, "x" * 4000)).fault().fault is Fault.BROKEN
    assert rig(shape.answer(["x" * 1000])).complete().samples == (Sample(text="x" * 1000),)


def test_nobody_there_is_down(rig, shape):
    asking = rig(shape.answer(["an answer"]))
    asking.server.shutdown()
    asking.server.server_close()
    assert asking.fault().fault is Fault.DOWN


def test_an_exchange_takes_no_longer_than_it_may(rig, shape):
    for answer in (Answer(wait_seconds=30), Answer(body=shape.answer(["an answer"]).data, drips=True)):
        began = time.monotonic()
        assert rig(answer).fault(prompt_of(seconds=0.4)).fault is Fault.SLOW
        assert time.monotonic() - began < 10  # not the 30 of the server


def test_a_cancelled_exchange_ends(rig, shape):
    async def cancelled(provider: Provider) -> None:
        task = asyncio.create_task(provider.complete(prompt_of()))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    rig(Answer(wait_seconds=30)).use(cancelled)


@pytest.mark.parametrize("location", ["http://127.0.0.1:1/elsewhere", "/v1/elsewhere"])
def test_no_redirection_is_followed_with_the_key(rig, shape, location):
    asking = rig(Answer(status=308, headers={"location": location}))
    raised = asking.fault()
    assert raised.fault is Fault.NO_PROVIDER
    assert "redirection" in str(raised)
    assert len(asking.server.asked) == 1


@pytest.mark.parametrize("status", [200, 400, 401, 404, 429, 500])
def test_a_key_that_comes_back_is_nowhere_in_a_fault(rig, shape, status):
    echo = f"you sent Authorization: Bearer {KEY} and x-api-key: {KEY[:18]}\n{KEY[18:]}"
    for answer in (shape.error(status, echo), Answer(status=status, body=echo.encode())):
        raised = rig(answer).fault()
        shown = f"{raised!r} {vars(raised)} {''.join(traceback.format_exception(raised))}"
        assert not [KEY[at : at + 10] for at in range(len(KEY) - 9) if KEY[at : at + 10] in shown]


def test_words_of_a_server_are_one_bounded_line(rig, shape):
    raised = rig(shape.error(500, "\x1b[2J\r\nselftaught: all is well \u202e" + "x" * 100_000)).fault()
    assert str(raised).isprintable()
    assert len(str(raised)) < 300


# ---------------------------------------------------------------- open


def listing_only(shape: Shape, *names: str) -> Script:
    """A server that has a list of models, and a page for each of them."""

    def script(asked: Asked) -> Answer:
        assert asked.method == "GET", "opening spends nothing"
        name = asked.path.partition("?")[0].rpartition("/models")[2].removeprefix("/")
        if not name:
            return shape.names(names)
        return Answer(body={"id": name, "name": f"models/{name}"}) if name in names else shape.error(404, "not found")

    return script


def test_a_model_that_is_listed_is_found(rig, shape):
    rig(listing_only(shape, "other", "some-model")).open()


def test_a_model_that_is_not_listed_is_unknown_with_near_names(rig, shape):
    asking = rig(listing_only(shape, "some-models", "other"))
    with pytest.raises(ProviderFault) as raised:
        asking.open()
    assert raised.value.fault is Fault.UNKNOWN_MODEL
    assert str(raised.value) == "it has no 'some-model'; did you mean some-models?"


@pytest.mark.parametrize("answer", [Answer(status=404, body=b"nothing"), Answer(status=405), Answer(body=b"<html>")])
def test_a_server_without_a_list_is_no_error(rig, answer):
    rig(answer).open()


@pytest.mark.parametrize(("status", "fault"), [(401, Fault.KEY), (403, Fault.KEY), (500, Fault.DOWN)])
def test_a_key_that_does_not_serve_is_found_out_before_anything_is_spent(rig, shape, status, fault):
    asking = rig(shape.error(status, "no"))
    with pytest.raises(ProviderFault) as raised:
        asking.open()
    assert raised.value.fault is fault
    assert [asked.method for asked in asking.server.asked] == ["GET"]


def test_opening_nobody_is_down(rig, shape):
    asking = rig(shape.answer(["an answer"]))
    asking.server.shutdown()
    asking.server.server_close()
    with pytest.raises(ProviderFault) as raised:
        asking.open()
    assert raised.value.fault is Fault.DOWN
