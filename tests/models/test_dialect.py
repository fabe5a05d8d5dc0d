"""What a model refuses is learned, and not asked twice: against servers that are as picky as real ones."""

from __future__ import annotations

import asyncio
import contextlib
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from selftaught.errors import ModelWarning
from selftaught.models import ModelInfo
from selftaught.models.openai_provider import OpenAIProvider
from selftaught.models.presets import BY_URL, address_of
from selftaught.models.provider import Completion, Fault, Prompt, ProviderFault
from selftaught.settings import ModelSettings

from .http_server import Answer, Asked, ScriptedServer, chat, choice, refusing, serving

INFO = ModelInfo(name="URL#m", summary="a test", is_language_model=True, version="1")
Rule = Callable[[dict[str, Any]], Answer | None]


def prompt_of(**more: Any) -> Prompt:
    given = {
        "expertise": "You write Python.", "message": "Improve it.", "n_samples": 3, "temperature": 0.7,
        "max_output_tokens": 8192, "rng_seed": 11, "seconds": 20.0, **more,
    }  # fmt: skip
    return Prompt(**given)


@pytest.fixture
def picky() -> Iterator[Callable[..., ScriptedServer]]:
    """`picky(*rules)`: a server that refuses what one of the rules refuses."""
    with contextlib.ExitStack() as stack:

        def make(*rules: Rule) -> ScriptedServer:
            def script(asked: Asked) -> Answer:
                refusals = (rule(asked.body) for rule in rules)
                answer = chat(*[choice()] * asked.body.get("n", 1))
                return next((refusal for refusal in refusals if refusal is not None), answer)

            return stack.enter_context(serving(script))

        yield make


def provider_of(server: ScriptedServer, **settings: Any) -> OpenAIProvider:
    address = address_of(BY_URL, "m", {}, url=f"{server.url}/v1")
    return OpenAIProvider(BY_URL, address, ModelSettings(**settings), INFO)


def complete(server: ScriptedServer, *prompts: Prompt, at_once: bool = False, **settings: Any) -> list[Completion]:
    """What comes of prompts, one after the other or at once, from one provider."""

    async def all_of_them() -> list[Completion]:
        provider = provider_of(server, **settings)
        try:
            if at_once:
                return list(await asyncio.gather(*map(provider.complete, prompts)))
            return [await provider.complete(prompt) for prompt in prompts]
        finally:
            await provider.close()

    return asyncio.run(all_of_them())


def refuses(name: str, answer: Answer) -> Rule:
    return lambda body: answer if name in body else None


def named(name: str, message: str = "", **more: Any) -> Rule:
    return refuses(name, refusing(400, message or f"Unsupported parameter: '{name}'", param=name, **more))


def no_system(body: dict[str, Any], message: str) -> Answer | None:
    return refusing(400, message) if body["messages"][0]["role"] == "system" else None


LEFT_OUT = {
    "by the field param": ("temperature", named("temperature", "Unsupported value")),
    "in words, quoted": ("n", refuses("n", refusing(400, "'n' : number must be at most 1"))),
    "n in words": ("n", refuses("n", refusing(400, "Only one completion choice is allowed"))),
    "n by comparison": ("n", refuses("n", refusing(422, "n > 1 is not supported"))),
    "by FastAPI": (
        "n",
        refuses("n", Answer(status=422, body={"detail": [{"loc": ["body", "n"], "msg": "not permitted"}]})),
    ),
    "by pydantic in words": (
        "temperature",
        refuses("temperature", Answer(status=422, body={"detail": "temperature: Extra inputs are not permitted"})),
    ),
    "in plain text": ("temperature", refuses("temperature", Answer(status=400, body=b"no temperature here"))),
    "as not implemented": ("n", refuses("n", Answer(status=501, body={"error": {"message": "param n not supported"}}))),
    "although it sounds like a missing model": (
        "temperature",
        named("temperature", "The model m does not support it: unknown parameter"),
    ),
}


@pytest.mark.parametrize(("name", "rule"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_a_part_that_is_refused_is_left_out_from_then_on(picky, name, rule):
    server = picky(rule)
    complete(server, prompt_of(), prompt_of())
    first, again, second = server.posted()
    assert name in first
    assert again == second == {key: value for key, value in first.items() if key != name}


def test_a_reasoning_model_is_found_out_in_three_requests(picky):
    """It takes no temperature, no n, and wants another name for the number of tokens."""
    wants = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    server = picky(
        named("max_tokens", wants, code="unsupported_parameter"),
        named("temperature", "Unsupported value: 'temperature' does not support 0.7 with this model."),
    )
    first, second = complete(server, prompt_of(), prompt_of())
    assert len(first.samples) == len(second.samples) == 3
    bodies = server.posted()
    assert len(bodies) == 4
    assert bodies[2] == bodies[3]
    assert bodies[3]["max_completion_tokens"] == 8192
    assert not {"temperature", "max_tokens"} & bodies[3].keys()


def test_neither_name_of_the_number_of_tokens_may_be_known(picky):
    server = picky(named("max_tokens"), named("max_completion_tokens"))
    complete(server, prompt_of(), prompt_of())
    assert len(server.posted()) == 4
    assert not {"max_tokens", "max_completion_tokens"} & server.posted()[-1].keys()


@pytest.mark.parametrize(
    ("message", "most", "lands_at"),
    [
        ("max_tokens is too large: 8192. This model supports at most 4096 completion tokens.", 4096, 4096),
        ("Input should be less than or equal to 1024", 1024, 1024),
        ("Invalid max_tokens value, the valid range of max_tokens is [1, 8000]", 8000, 8000),
        ("'max_tokens' or 'max_completion_tokens' is too large: 8192. This model's maximum context length is 5000 "
         "tokens and your request has 1000 input tokens (8192 > 5000 - 1000).", 4000, 2500),
        ("This model's maximum context length is 5000 tokens. However, you requested 9192 tokens (1000 in the "
         "messages, 8192 in the completion).", 4000, 2500),
        ("max_tokens exceeds what is allowed", 3000, 2048),
    ],
)  # fmt: skip
def test_a_number_of_tokens_that_is_too_large_is_lowered_and_stays_bounded(picky, message, most, lands_at):
    def rule(body: dict[str, Any]) -> Answer | None:
        parameter = {} if "context" in message else {"param": "max_tokens"}
        return refusing(400, message, **parameter) if body.get("max_tokens", 0) > most else None

    server = picky(rule)
    complete(server, prompt_of(), prompt_of(), prompt_of(max_output_tokens=100))
    *_, remembered, small = server.posted()
    assert remembered["max_tokens"] == lands_at
    assert small["max_tokens"] == 100


def test_a_temperature_beyond_its_range_is_lowered_and_not_given_up(picky):
    server = picky(lambda body: refusing(400, "no", param="temperature") if body["temperature"] > 1 else None)
    complete(server, prompt_of(temperature=5.0), prompt_of(temperature=0.3))
    assert [body["temperature"] for body in server.posted()] == [2.0, 1.0, 0.3]


@pytest.mark.parametrize(
    "message",
    [
        "System role not supported",
        "Developer instruction is not enabled for models/gemma-3-27b-it",
        "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
        "Conversation roles must alternate user/assistant/user/assistant/...",
        "this model has no system prompt",
    ],
)
def test_a_model_without_a_system_message_gets_it_in_the_user_message(picky, message):
    server = picky(lambda body: no_system(body, message))
    complete(server, prompt_of(), prompt_of())
    _, again, second = server.posted()
    assert again["messages"] == [{"role": "user", "content": "You write Python.\n\nImprove it."}]
    assert second == again


def test_all_lessons_at_once_and_by_many_exchanges_at_the_same_time(picky):
    server = picky(
        named("n"), named("temperature"), named("max_tokens", "Use 'max_completion_tokens' instead."),
        lambda body: no_system(body, "System role not supported"),
    )  # fmt: skip
    complete(server, *[prompt_of()] * 8, at_once=True)
    complete_again = {name for body in server.posted()[-1:] for name in body}
    assert complete_again == {"model", "messages", "max_completion_tokens"}


def test_what_was_asked_for_and_cannot_be_told_is_said_once(picky):
    server = picky(named("reasoning_effort"))
    with pytest.warns(ModelWarning, match="cannot be told") as warned:
        complete(server, prompt_of(), prompt_of(), reasoning_effort="high")
    assert len(warned) == 1
    assert "reasoning_effort" not in server.posted()[-1]


def test_what_needs_not_be_said_is_not(picky):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        complete(picky(named("temperature")), prompt_of(), reasoning_effort="high")


@pytest.mark.parametrize(
    "message",
    ["the prompt is too strange", "your message says temperatures and seeds", "in your nasty program n", ""],
)
def test_a_complaint_that_names_no_part_is_a_rejection_at_once(picky, message):
    server = picky(lambda body: refusing(400, message))
    with pytest.raises(ProviderFault) as raised:
        complete(server, prompt_of())
    assert raised.value.fault is Fault.REJECTED
    assert len(server.posted()) == 1


def test_what_did_not_help_is_forgotten(picky):
    """A server that complains of one message in words that sound like a lesson teaches nothing for the next one."""
    server = picky(
        lambda body: refusing(400, "I dislike temperature") if "odd" in body["messages"][-1]["content"] else None
    )

    async def asked() -> None:
        provider = provider_of(server)
        with pytest.raises(ProviderFault):
            await provider.complete(prompt_of(message="odd"))
        await provider.complete(prompt_of())
        await provider.close()

    asyncio.run(asked())
    assert "temperature" in server.posted()[-1]


def test_a_server_that_refuses_everything_is_asked_a_bounded_number_of_times(picky):
    names = ("temperature", "max_tokens", "max_completion_tokens", "n", "system role")
    server = picky(lambda body: refusing(400, f"I take no {', no '.join(names)}; 'n' neither; it exceeds the maximum"))
    with pytest.raises(ProviderFault) as raised:
        complete(server, prompt_of())
    assert raised.value.fault is Fault.REJECTED
    assert len(server.posted()) <= 8
