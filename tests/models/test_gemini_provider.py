"""What only Gemini's protocol has: safety blocks, candidates, its thinking, its own errors."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from selftaught.ledger import Spending
from selftaught.models import Finish, ModelInfo, Sample
from selftaught.models.gemini_provider import GeminiProvider
from selftaught.models.presets import PRESETS, address_of
from selftaught.models.provider import Completion, Fault, Prompt, ProviderFault
from selftaught.settings import ModelSettings

from .http_server import Answer, Asked, Script, ScriptedServer, in_turn, serving

PRESET = PRESETS["gemini"]
INFO = ModelInfo(name="gemini:m", summary="a test", is_language_model=True, version="1")
REFUSED = Sample(text="", finish=Finish.REFUSED)


def candidate(text: Any = "an answer", reason: Any = "STOP", **part: Any) -> dict[str, Any]:
    return {"content": {"parts": [{"text": text, **part}], "role": "model"}, "finishReason": reason}


def said(*candidates: Any, **more: Any) -> Answer:
    return Answer(body={"candidates": list(candidates), "usageMetadata": {"promptTokenCount": 3}, **more})


def error(status: int, message: str, *details: Any) -> Answer:
    return Answer(
        status=status, body={"error": {"code": status, "message": message, "status": "S", "details": list(details)}}
    )


@pytest.fixture
def serve() -> Iterator[Callable[..., ScriptedServer]]:
    with contextlib.ExitStack() as stack:

        def make(script: Script | Answer) -> ScriptedServer:
            script = in_turn(script) if isinstance(script, Answer) else script
            return stack.enter_context(serving(script))

        yield make


def complete(server: ScriptedServer, times: int = 1, n_samples: int = 1, **settings: Any) -> list[Completion]:
    environment = {"GEMINI_API_KEY": "AIza-1234567890", "GOOGLE_GEMINI_BASE_URL": server.url}
    prompt = Prompt(
        expertise="You write Python.", message="Improve it.", n_samples=n_samples, temperature=0.7, rng_seed=0,
        seconds=20.0, max_output_tokens=100,
    )  # fmt: skip

    async def used() -> list[Completion]:
        provider = GeminiProvider(PRESET, address_of(PRESET, "m", environment), ModelSettings(**settings), INFO)
        try:
            return [await provider.complete(prompt) for _ in range(times)]
        finally:
            await provider.close()

    return asyncio.run(used())


@pytest.mark.parametrize(
    ("answer", "samples"),
    [
        (said(promptFeedback={"blockReason": "SAFETY"}), (REFUSED,)),
        (Answer(body={"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}), (REFUSED,)),
        (said(candidate("x", "RECITATION"), candidate("y", "SAFETY")), (REFUSED, REFUSED)),
        (said({"finishReason": "SAFETY"}), (REFUSED,)),
        (said({"finishReason": "MAX_TOKENS", "content": {}}), (Sample(text="", finish=Finish.CUT_OFF),)),
        (said(candidate("x", "OTHER")), (Sample(text="x"),)),
        (said({"finishReason": "MALFORMED_RESPONSE"}), (Sample(text="", finish=Finish.EMPTY),)),
        (said(candidate(["x"])), (Sample(text="", finish=Finish.EMPTY),)),
        (said(candidate("x", {"a": 1})), (Sample(text="x"),)),
        (said(), ()),
        (said(None, "x", 3), ()),
        (Answer(body={"usageMetadata": {"promptTokenCount": 3}}), ()),
        (said(candidate("thought", thought=True)), (Sample(text="", finish=Finish.EMPTY),)),
    ],
)
def test_candidates_become_samples(serve, answer, samples):
    [completion] = complete(serve(answer))
    assert completion.samples == samples


def test_one_candidate_at_a_time_is_learned(serve):
    def script(asked: Asked) -> Answer:
        many = "candidateCount" in asked.body["generationConfig"]
        return error(400, "Multiple candidates is not enabled for this model") if many else said(candidate())

    server = serve(script)
    complete(server, 2, n_samples=3)
    assert len(server.posted()) == 3


def test_a_model_without_a_system_instruction_gets_it_in_the_message(serve):
    def script(asked: Asked) -> Answer:
        refused = error(400, "Developer instruction is not enabled for models/gemma-3-27b-it")
        return refused if "systemInstruction" in asked.body else said(candidate())

    server = serve(script)
    complete(server)
    assert server.posted()[-1]["contents"][0]["parts"][0]["text"] == "You write Python.\n\nImprove it."


@pytest.mark.parametrize(
    ("settings", "thinking"),
    [
        ({"thinking_tokens": 0}, {"thinking_budget": 0}),
        ({"thinking_tokens": 512}, {"thinking_budget": 512}),
        ({"reasoning_effort": "none"}, {"thinking_budget": 0}),
        ({"reasoning_effort": "minimal"}, {"thinking_level": "MINIMAL"}),
        ({"reasoning_effort": "high", "thinking_tokens": 5}, {"thinking_budget": 5}),
        ({}, None),
    ],
)
def test_thinking_is_a_number_of_tokens_or_a_level(serve, settings, thinking):
    server = serve(said(candidate()))
    complete(server, **settings)
    assert server.posted()[0]["generationConfig"].get("thinkingConfig") == thinking


@pytest.mark.parametrize(
    ("answer", "fault", "after"),
    [
        (error(400, "API key not valid. Please pass a valid API key.", {"reason": "API_KEY_INVALID"}), Fault.KEY, None),
        (error(403, "Your API key was reported as leaked."), Fault.KEY, None),
        (error(404, "models/m is not found for API version v1beta"), Fault.UNKNOWN_MODEL, None),
        (error(429, "You exceeded your current quota", {"retryDelay": "37s"}), Fault.BUSY, 37.0),
        (error(429, "Resource has been exhausted"), Fault.BUSY, None),
        (error(503, "The model is overloaded. Please try again later."), Fault.BUSY, None),
        (error(500, "An internal error has occurred"), Fault.DOWN, None),
    ],
)
def test_its_errors_are_faults(serve, answer, fault, after):
    with pytest.raises(ProviderFault) as raised:
        complete(serve(answer))
    assert (raised.value.fault, raised.value.retry_after_seconds) == (fault, after)


def test_what_it_thought_counts_as_received(serve):
    usage = {"promptTokenCount": 3, "candidatesTokenCount": 5, "thoughtsTokenCount": 7, "cachedContentTokenCount": 2}
    [completion] = complete(serve(Answer(body={"candidates": [candidate()], "usageMetadata": usage})))
    assert completion.spending == Spending(tokens_in=3, tokens_cached=2, tokens_out=12, tokens_reasoning=7)


def test_google_s_other_ways_to_be_asked_are_not_taken_from_the_environment(serve, monkeypatch, caplog):
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "somebody-s")
    server = serve(said(candidate()))
    with caplog.at_level(logging.WARNING):
        complete(server)
    [asked] = server.asked
    assert asked.path.endswith("/models/m:generateContent")
    assert asked.headers["x-goog-api-key"] == "AIza-1234567890"
    assert caplog.messages == []
