"""What is told of a run while it goes on: spans of OpenTelemetry, and events for a log. Nobody listens by default.

Every name that is told is pinned here. Those that begin with `gen_ai` are OpenTelemetry's for generative AI, as of its
semantic conventions 1.41, where their status is "development"; all others are ours. Told are names, numbers and how
things ended. Prompts, answers and programs are never told; what programs say of their failures goes into the log only.
Keys are hidden in both.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from opentelemetry import trace

from selftaught._version import __version__
from selftaught.redaction import secrets_in, without_keys

Kind = Literal["run", "round", "improvement", "call", "evaluation"]
Fact = str | int | float | bool | Sequence[str]
Facts = Mapping[str, Fact]

_TRACER = trace.get_tracer("selftaught", __version__)

ATTRIBUTES: dict[Kind, dict[str, str]] = {
    "run": {"kind": "gen_ai.workflow.name"},
    "round": {},
    "improvement": {"improver": "gen_ai.agent.id"},
    "call": {
        "provider": "gen_ai.provider.name",
        "model": "gen_ai.request.model",
        "n_responses": "gen_ai.request.choice.count",
        "temperature": "gen_ai.request.temperature",
        "finishes": "gen_ai.response.finish_reasons",
        "tokens_in": "gen_ai.usage.input_tokens",
        "tokens_cached": "gen_ai.usage.cache_read.input_tokens",
        "tokens_out": "gen_ai.usage.output_tokens",
        "tokens_reasoning": "gen_ai.usage.reasoning.output_tokens",
    },
    "evaluation": {},
}
"""What a fact is called on a span where OpenTelemetry has a name for it; else it is `selftaught.KIND.FACT`."""

ALWAYS: dict[Kind, dict[str, str]] = {
    "run": {"gen_ai.operation.name": "invoke_workflow"},
    "round": {},
    "improvement": {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "improver"},
    "call": {"gen_ai.operation.name": "chat", "gen_ai.output.type": "text"},
    "evaluation": {},
}
"""What every span of a kind has."""

FINISH_REASONS = {"complete": "stop", "cut_off": "length", "refused": "content_filter", "empty": "stop"}
"""OpenTelemetry's words for how a sample ended."""

PROVIDERS = {
    "openai": "openai",
    "azure": "azure.ai.openai",
    "anthropic": "anthropic",
    "gemini": "gcp.gemini",
    "groq": "groq",
    "deepseek": "deepseek",
    "mistral": "mistral_ai",
}
"""OpenTelemetry's words for who serves a model, by the prefix of its name; others go by their own prefix."""

OWN_PROVIDER = "selftaught"
LOG_ONLY = frozenset({"message"})
"""What programs say: it may hold parts of prompts, so it is on no span."""

MAX_CHARACTERS = 500
INHERITED = ("run_id", "round", "scope")
"""Facts that the events of everything inside have too."""

_listener: ContextVar[Callable[[str, Facts], None] | None] = ContextVar("listener", default=None)
_around: ContextVar[Facts] = ContextVar("around", default={})  # noqa: B039 - nobody changes a mapping of facts


class _Keys:
    """The keys of the environment, read once when they are first needed: that takes longer than to tell a step."""

    @cached_property
    def values(self) -> Sequence[str]:
        return secrets_in(os.environ)


_keys: ContextVar[_Keys | None] = ContextVar("keys", default=None)
"""Those that the outermost step has read."""


@dataclass(kw_only=True)
class Step:
    """Something that a run does, under way.

    Attributes:
        facts: What is known of it.
    """

    facts: dict[str, Fact] = field(default_factory=dict)

    def note(self, **facts: Fact | None) -> None:
        """Nothing; what is learned of the step is told when it ends. None stands for nothing."""
        self.facts |= {name: value for name, value in facts.items() if value is not None}


@contextlib.contextmanager
def listening(listener: Callable[[str, Facts], None]) -> Iterator[None]:
    """Nothing; within it, the listener is told of every event: its name, and the facts."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


@contextlib.contextmanager
def step(kind: Kind, title: str = "", /, **facts: Fact | None) -> Iterator[Step]:
    """A step of a run, told when it begins and when it ends, however it ends.

    Args:
        kind: What is done.
        title: What the span is called, beside its kind; of few different values.
        facts: What is known when it begins; None stands for nothing.
    """
    made = Step()
    made.note(**facts)
    started = time.monotonic()
    around = {**_around.get(), **{key: made.facts[key] for key in INHERITED if key in made.facts}}
    tokens = _around.set(around), _keys.set(_keys.get() or _Keys())
    title = f"{ALWAYS[kind].get('gen_ai.operation.name', kind)} {title}".rstrip()
    place = trace.SpanKind.CLIENT if kind == "call" and facts.get("provider") != OWN_PROVIDER else None
    with _TRACER.start_as_current_span(
        str(_safe(title)),
        kind=place or trace.SpanKind.INTERNAL,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        _set_attributes(span, kind, made.facts)
        _tell(f"{kind} started", made.facts)
        try:
            yield made
        except BaseException as error:
            made.note(error=type(error).__qualname__)
            if not isinstance(error, (asyncio.CancelledError, GeneratorExit)):
                span.set_status(trace.StatusCode.ERROR)
            raise
        finally:
            _set_attributes(span, kind, made.facts)
            _tell(f"{kind} ended", {**made.facts, "seconds": round(time.monotonic() - started, 6)})
            _around.reset(tokens[0])
            _keys.reset(tokens[1])


def provider_and_model(name: str) -> tuple[str, str]:
    """Who serves the model of that name, and what it is called there."""
    if "://" in name:
        return name.partition("://")[0], name.rpartition("#")[2]
    prefix, colon, model = name.partition(":")
    if not colon:
        return OWN_PROVIDER, name
    return PROVIDERS.get(prefix, prefix), model


def _set_attributes(span: trace.Span, kind: Kind, facts: Facts) -> None:
    if not span.is_recording():
        return
    named = {
        "error.type" if name == "error" else ATTRIBUTES[kind].get(name, f"selftaught.{kind}.{name}"): value
        for name, value in facts.items()
        if name not in LOG_ONLY
    }
    for name, value in {**ALWAYS[kind], **named}.items():
        span.set_attribute(name, _safe(value))


def _tell(event: str, facts: Facts) -> None:
    listener = _listener.get()
    if listener is not None:
        listener(event, {name: _safe(value) for name, value in {**_around.get(), **facts}.items()})


def _safe(value: Fact) -> Fact:
    """A fact without keys, of bounded length."""
    if isinstance(value, (bool, int, float)):
        return value
    keys = (_keys.get() or _Keys()).values
    if isinstance(value, str):
        return without_keys(value, keys)[:MAX_CHARACTERS]
    return [without_keys(text, keys)[:MAX_CHARACTERS] for text in value]
