"""What only Anthropic's protocol has: budgets for thinking, effort, names that are not in its list, its own errors."""

from __future__ import annotations

import asyncio
import contextlib
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from selftaught.errors import ModelWarning
from selftaught.models import Finish, ModelInfo, Sample
from selftaught.models.anthropic_provider import AnthropicProvider
from selftaught.models.presets import PRESETS, address_of
from selftaught.models.provider import Completion, Fault, Prompt, ProviderFault
from selftaught.settings import ModelSettings

from .http_server import Answer, Asked, Script, ScriptedServer, in_turn, serving

PRESET = PRESETS["anthropic"]
INFO = ModelInfo(name="anthropic:m", summary="a test", is_language_model=True, version="1")


def said(*blocks: dict[str, Any], reason: str | None = "end_turn") -> Answer:
    content = list(blocks) or [{"type": "text", "text": "an answer"}]
    usage = {"input_tokens": 3, "output_tokens": 2}
    return Answer(body={"type": "message", "content": content, "stop_reason": reason, "usage": usage})


def error(status: int, message: str, kind: str = "invalid_request_error") -> Answer:
    return Answer(status=status, body={"type": "error", "error": {"type": kind, "message": message}})


@pytest.fixture
def serve() -> Iterator[Callable[..., ScriptedServer]]:
    with contextlib.ExitStack() as stack:

        def make(script: Script | Answer) -> ScriptedServer:
            script = in_turn(script) if isinstance(script, Answer) else script
            return stack.enter_context(serving(script))

        yield make


def use(server: ScriptedServer, work: Callable[[AnthropicProvider], Any], model: str = "m", **settings: Any) -> Any:
    environment = {"ANTHROPIC_API_KEY": "sk-ant-1234567890", "ANTHROPIC_BASE_URL": server.url}

    async def used() -> Any:
        address = address_of(PRESET, model, environment)
        provider = AnthropicProvider(PRESET, address, ModelSettings(**settings), INFO)
        try:
            return await work(provider)
        finally:
            await provider.close()

    return asyncio.run(used())


def complete(server: ScriptedServer, times: int = 1, **settings: Any) -> list[Completion]:
    prompt = Prompt(
        expertise="", message="Improve it.", n_samples=1, temperature=0.7, rng_seed=0, seconds=20.0,
        max_output_tokens=ModelSettings(**settings).max_output_tokens,
    )  # fmt: skip

    async def all_of_them(provider: AnthropicProvider) -> list[Completion]:
        return [await provider.complete(prompt) for _ in range(times)]

    return use(server, all_of_them, **settings)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, {"temperature": 0.7}),
        ({"thinking_tokens": 2000}, {"thinking": {"type": "enabled", "budget_tokens": 2000}}),
        ({"thinking_tokens": 5}, {"thinking": {"type": "enabled", "budget_tokens": 1024}}),
        ({"thinking_tokens": 9000}, {"thinking": {"type": "enabled", "budget_tokens": 8191}}),
        ({"thinking_tokens": 0}, {"temperature": 0.7, "thinking": {"type": "disabled"}}),
        ({"reasoning_effort": "none"}, {"temperature": 0.7, "thinking": {"type": "disabled"}}),
        ({"reasoning_effort": "minimal"}, {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}),
        ({"reasoning_effort": "high"}, {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}}),
        ({"reasoning_effort": "high", "thinking_tokens": 2000},
         {"thinking": {"type": "enabled", "budget_tokens": 2000}, "output_config": {"effort": "high"}}),
    ],
)  # fmt: skip
def test_how_much_to_think_is_said_within_what_an_answer_may_have(serve, settings, expected):
    server = serve(said())
    complete(server, **settings)
    [body] = server.posted()
    parts = ("temperature", "thinking", "output_config")
    assert {name: body[name] for name in parts if name in body} == expected


def test_too_short_an_answer_has_no_room_for_thinking_which_is_said(serve):
    server = serve(said())
    with pytest.warns(ModelWarning, match="--max-output-tokens"):
        complete(server, thinking_tokens=2000, max_output_tokens=1000)
    assert "thinking" not in server.posted()[0]


def test_a_model_that_decides_itself_how_much_to_think_is_let(serve):
    def script(asked: Asked) -> Answer:
        if asked.body.get("thinking", {}).get("type") == "enabled":
            return error(400, '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive".')
        return said()

    server = serve(script)
    with pytest.warns(ModelWarning, match="cannot be told --thinking-tokens") as warned:
        complete(server, 3, thinking_tokens=2000)
    assert len(warned) == 1
    assert [body["thinking"]["type"] for body in server.posted()] == ["enabled", *["adaptive"] * 3]


def test_a_model_without_temperature_thinking_and_effort_is_asked_without(serve):
    def script(asked: Asked) -> Answer:
        for name, words in {
            "output_config": "output_config.effort: not supported by this model",
            "thinking": "adaptive thinking is not supported on this model",
            "temperature": "`temperature` is deprecated for this model.",
        }.items():
            if name in asked.body:
                return error(400, words)
        return said()

    server = serve(script)
    with pytest.warns(ModelWarning):
        complete(server, 2, reasoning_effort="high")
    assert len(server.posted()) == 5
    assert server.posted()[-1].keys() == {"model", "max_tokens", "messages"}


@pytest.mark.parametrize(
    ("answer", "sample"),
    [
        (said({"type": "text", "text": "a"}, {"type": "text", "text": "b"}), Sample(text="ab")),
        (said({"type": "tool_use", "input": {}}, reason="tool_use"), Sample(text="", finish=Finish.EMPTY)),
        (said({"type": "thinking", "thinking": "t"}, reason="max_tokens"), Sample(text="", finish=Finish.CUT_OFF)),
        (said({"type": "text", "text": "a"}, reason="model_context_window_exceeded"),
         Sample(text="a", finish=Finish.CUT_OFF)),
        (said({"type": "text", "text": "a"}, reason="pause_turn"), Sample(text="a")),
        (said({"type": "text", "text": "a"}, reason=None), Sample(text="a")),
        (said({"type": "text", "text": ["a"]}, {"text": "no type"}), Sample(text="", finish=Finish.EMPTY)),
        (Answer(body={"content": ["a", None, 3]}), Sample(text="", finish=Finish.EMPTY)),
    ],
)  # fmt: skip
def test_blocks_become_a_sample(serve, answer, sample):
    [completion] = complete(serve(answer))
    assert completion.samples == (sample,)


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (error(529, "Overloaded", "overloaded_error"), Fault.BUSY),
        (error(200, "Overloaded", "overloaded_error"), Fault.BUSY),
        (error(200, "Internal", "api_error"), Fault.DOWN),
        (error(400, "Your credit balance is too low to access the Anthropic API."), Fault.KEY),
        (error(400, "prompt is too long: 250000 tokens > 200000 maximum"), Fault.REJECTED),
        (error(404, "model: m", "not_found_error"), Fault.UNKNOWN_MODEL),
    ],
)
def test_its_errors_are_faults(serve, answer, fault):
    with pytest.raises(ProviderFault) as raised:
        complete(serve(answer))
    assert raised.value.fault is fault


def test_another_name_of_a_model_needs_not_be_in_the_list(serve):
    def script(asked: Asked) -> Answer:
        if asked.path.endswith("/models/latest"):
            return Answer(body={"type": "model", "id": "m-20260101"})
        return Answer(body={"data": [{"id": "m-20260101"}]})

    server = serve(script)
    use(server, lambda provider: provider.open(), "latest")
    assert [asked.path for asked in server.asked] == ["/v1/models/latest"]


def test_no_warning_of_the_client_reaches_a_person(serve):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        complete(serve(said()), reasoning_effort="low")
