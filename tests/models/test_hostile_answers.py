"""Whatever JSON a server sends where an answer is awaited, a provider makes samples and counts of it, or a fault."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from selftaught.models import ModelInfo, Sample
from selftaught.models import anthropic_provider as anthropic
from selftaught.models import gemini_provider as gemini
from selftaught.models import openai_provider as openai
from selftaught.models.foreign_json import at, count_at, list_at, parsed, text_at
from selftaught.models.presets import PRESETS, address_of
from selftaught.models.provider import Provider, ProviderFault
from selftaught.models.served_list import find_served, info_as_served, served_entries
from selftaught.redaction import Redactor
from selftaught.settings import ModelSettings

INFO = ModelInfo(name="test:m", summary="a test", is_language_model=True, version="1")
NAMES = [
    *("choices", "message", "content", "finish_reason", "refusal", "text", "type", "usage", "prompt_tokens"),
    *("completion_tokens", "prompt_tokens_details", "cached_tokens", "stop_reason", "input_tokens", "output_tokens"),
    *("candidates", "parts", "thought", "finishReason", "promptFeedback", "blockReason", "usageMetadata"),
    *("promptTokenCount", "data", "models", "id", "name", "aliases", "owned_by", "is_language_model", "notice"),
    *("version", "error", "code"),
]
WORDS = [
    *("stop", "length", "error", "content_filter", "end_turn", "max_tokens", "refusal", "STOP", "SAFETY", "text"),
    *("selftaught", "m", "<think>x", "<think>x</think>y"),
]
anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=25,
)


def as_sent(document: Any) -> Any:
    """A document after it was on the wire."""
    return parsed(json.dumps(document).encode())


def provider_of(prefix: str) -> Provider:
    preset = PRESETS[prefix]
    address = address_of(preset, "m", {preset.key_variables[0]: "sk-1234567890"})
    made = {"openai": openai.OpenAIProvider, "anthropic": anthropic.AnthropicProvider, "gemini": gemini.GeminiProvider}
    return made[prefix](preset, address, ModelSettings(), INFO)


@pytest.fixture(scope="module")
def providers() -> dict[str, Any]:
    return {prefix: provider_of(prefix) for prefix in ("openai", "anthropic", "gemini")}


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(anything)
def test_any_choice_is_a_sample(providers, document):
    sent = as_sent(document)
    samples: list[Sample] = []
    if isinstance(sent, dict):
        samples.append(providers["openai"]._sample(sent))
        samples.append(providers["gemini"]._sample(sent))
    samples.append(providers["anthropic"]._sample(sent))
    try:
        samples.extend(providers["gemini"]._samples(sent))
    except ProviderFault as fault:
        assert str(fault).isprintable()
    for sample in samples:
        assert isinstance(sample.text, str)
        sample.text.encode()


@settings(deadline=None)
@given(anything)
def test_any_usage_is_counted_in_whole_numbers(document):
    for spending_of in (openai.spending_of, anthropic.spending_of, gemini.spending_of):
        for sent in (as_sent(document), as_sent({"usage": document, "usageMetadata": document})):
            spending = spending_of(sent)
            assert all(type(count) is int for count in (spending.tokens_in, spending.tokens_out))
            assert all(type(count) is int for count in (spending.tokens_cached, spending.tokens_reasoning))


@settings(deadline=None)
@given(anything, st.sampled_from(["m", "", "a/b:c", "*"]))
def test_any_list_of_models_is_looked_through(document, model):
    for sent in (as_sent(document), as_sent({"data": [document]}), as_sent({"models": [document, {"id": model}]})):
        served = find_served(sent, model)
        assert all(isinstance(name, str) for name in served.names)
        for entry in (*served_entries(sent).values(), *([served.entry] if served.entry else [])):
            info = info_as_served(INFO, entry, Redactor([]))
            assert isinstance(info.is_language_model, bool)
            assert info.is_language_model or "not a language model" in info.notice
            assert (info.notice or "").isprintable() and info.version.isprintable()


@settings(deadline=None)
@given(anything, st.lists(st.sampled_from(NAMES) | st.integers(-3, 3), max_size=4))
def test_any_place_in_any_document_can_be_looked_at(document, path):
    sent = as_sent(document)
    at(sent, *path)
    text_at(sent, *path).encode()
    assert isinstance(list_at(sent, *path), list)
    assert type(count_at(sent, *path)) is int


@pytest.mark.parametrize("body", [b"", b"\xff", b"[" * 100_000, b"9" * 10_000, b"{", b'{"a": NaN', b"\x00"])
def test_what_is_no_json_is_one_kind_of_error(body):
    with pytest.raises(ValueError):
        parsed(body)
