"""How each protocol looks on the wire: what a server sends where it answers, refuses, thinks, counts or fails."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from selftaught.models.provider import Provider

from ..models.http_server import Answer


@dataclasses.dataclass(frozen=True, kw_only=True)
class Shape:
    """One protocol.

    Attributes:
        preset: The preset that speaks it.
        asks_for_n: Whether one exchange may give several samples.
        answer: `answer(texts, end, counts)`: a whole answer; `end` is complete, cut_off, refused or empty.
        thinking: An answer whose text is "said" and that shows thoughts as well.
        error: `error(status, message)`.
        names: A list of models.
        expertise_in: The system message in a request's body; empty if there is none.
        message_in: The user message in it.
        settings_in: Temperature and the most tokens in it.
        thinking_in: What it says of thinking.
    """

    preset: str
    asks_for_n: bool
    answer: Callable[..., Answer]
    thinking: Answer
    error: Callable[[int, str], Answer]
    names: Callable[[Sequence[str]], Answer]
    expertise_in: Callable[[Any], str]
    message_in: Callable[[Any], str]
    settings_in: Callable[[Any], tuple[Any, Any]]
    thinking_in: Callable[[Any], Any]
    no_answers: tuple[Any, ...]


COUNTS = {"in": 90, "cached": 40, "out": 70, "reasoning": 25}


# ---------------------------------------------------------------- chat completions


def _chat(texts: Sequence[str | None], end: str = "complete", counts: dict[str, int] = COUNTS) -> Answer:
    reason = {"complete": "stop", "cut_off": "length", "refused": "content_filter", "empty": "stop"}[end]
    message = {"role": "assistant"}
    choices = [{"finish_reason": reason, "message": {**message, "content": text}} for text in texts]
    usage = {
        "prompt_tokens": counts["in"],
        "completion_tokens": counts["out"],
        "prompt_tokens_details": {"cached_tokens": counts["cached"]},
        "completion_tokens_details": {"reasoning_tokens": counts["reasoning"]},
    }
    return Answer(body={"choices": choices, "usage": usage})


def _chat_messages(body: Any, role: str) -> str:
    return "".join(message["content"] for message in body["messages"] if message["role"] == role)


OPENAI = Shape(
    preset="openai",
    asks_for_n=True,
    answer=_chat,
    thinking=Answer(
        body={
            "choices": [{"finish_reason": "stop", "message": {"content": "said", "reasoning_content": "thought"}}],
            "usage": {},
        }
    ),
    error=lambda status, message: Answer(status=status, body={"error": {"message": message, "type": "an_error"}}),
    names=lambda names: Answer(body={"data": [{"id": name} for name in names]}),
    expertise_in=lambda body: _chat_messages(body, "system"),
    message_in=lambda body: _chat_messages(body, "user"),
    settings_in=lambda body: (body.get("temperature"), body.get("max_completion_tokens")),
    thinking_in=lambda body: body.get("reasoning_effort"),
    no_answers=({}, {"choices": 7}, {"choices": None}, [], "x", None, 3),
)


# ---------------------------------------------------------------- Anthropic


def _message(texts: Sequence[str | None], end: str = "complete", counts: dict[str, int] = COUNTS) -> Answer:
    reason = {"complete": "end_turn", "cut_off": "max_tokens", "refused": "refusal", "empty": "end_turn"}[end]
    blocks = [{"type": "text", "text": text} for text in texts[:1] if text is not None]
    usage = {
        "input_tokens": counts["in"] - counts["cached"] - 10,
        "cache_read_input_tokens": counts["cached"],
        "cache_creation_input_tokens": 10,
        "output_tokens": counts["out"],
        "output_tokens_details": {"thinking_tokens": counts["reasoning"]},
    }
    return Answer(body={"type": "message", "content": blocks, "stop_reason": reason, "usage": usage})


ANTHROPIC = Shape(
    preset="anthropic",
    asks_for_n=False,
    answer=_message,
    thinking=Answer(
        body={
            "type": "message",
            "content": [
                {"type": "thinking", "thinking": "thought", "signature": "s"},
                {"type": "redacted_thinking", "data": "x"},
                {"type": "text", "text": "said"},
            ],
            "stop_reason": "end_turn",
            "usage": {},
        }
    ),
    error=lambda status, message: Answer(
        status=status, body={"type": "error", "error": {"type": "an_error", "message": message}}
    ),
    names=lambda names: Answer(body={"data": [{"type": "model", "id": name} for name in names], "has_more": False}),
    expertise_in=lambda body: body.get("system", ""),
    message_in=lambda body: _chat_messages(body, "user"),
    settings_in=lambda body: (body.get("temperature"), body["max_tokens"]),
    thinking_in=lambda body: body.get("thinking"),
    no_answers=({}, {"content": "text"}, {"content": None}, [], "x", None, 3),
)


# ---------------------------------------------------------------- Gemini


def _candidates(texts: Sequence[str | None], end: str = "complete", counts: dict[str, int] = COUNTS) -> Answer:
    reason = {"complete": "STOP", "cut_off": "MAX_TOKENS", "refused": "SAFETY", "empty": "STOP"}[end]
    contents = [{"parts": [{"text": text}] if text is not None else [], "role": "model"} for text in texts]
    usage = {
        "promptTokenCount": counts["in"],
        "cachedContentTokenCount": counts["cached"],
        "candidatesTokenCount": counts["out"] - counts["reasoning"],
        "thoughtsTokenCount": counts["reasoning"],
    }
    candidates = [{"content": content, "finishReason": reason, "index": at} for at, content in enumerate(contents)]
    return Answer(body={"candidates": candidates, "usageMetadata": usage})


def _gemini_texts(content: Any) -> str:
    return "".join(part["text"] for part in (content or {}).get("parts", []))


GEMINI = Shape(
    preset="gemini",
    asks_for_n=True,
    answer=_candidates,
    thinking=Answer(
        body={
            "candidates": [
                {"content": {"parts": [{"text": "thought", "thought": True}, {"text": "said"}]}, "finishReason": "STOP"}
            ],
            "usageMetadata": {},
        }
    ),
    error=lambda status, message: Answer(
        status=status, body={"error": {"code": status, "message": message, "status": "AN_ERROR"}}
    ),
    names=lambda names: Answer(body={"models": [{"name": f"models/{name}"} for name in names]}),
    expertise_in=lambda body: _gemini_texts(body.get("systemInstruction")),
    message_in=lambda body: "".join(map(_gemini_texts, body["contents"])),
    settings_in=lambda body: (body["generationConfig"].get("temperature"), body["generationConfig"]["maxOutputTokens"]),
    thinking_in=lambda body: body.get("generationConfig", {}).get("thinkingConfig"),
    no_answers=({}, {"candidates": 7, "usageMetadata": {}}, [], "x", None, 3),
)

SHAPES = {"openai": OPENAI, "anthropic": ANTHROPIC, "gemini": GEMINI}


def attributes_of(provider: Provider) -> tuple[str, str, str]:
    """The attributes that every provider has, of a type that a type checker has checked."""
    return provider.model, provider.price_provider, provider.where
