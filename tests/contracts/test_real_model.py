"""A real model behind the real clients of two protocols: llama.cpp serves random weights on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from selftaught.errors import ConfigError, LanguageModelError
from selftaught.models import Finish, ModelContext, find_model
from selftaught.models.presets import PRESETS
from selftaught.models.provider import Fault, Prompt, Provider, ProviderFault
from selftaught.settings import CommonSettings, checked_settings

from ..models.scripted_provider import request_of
from ..models.tiny_model import serving_model, write_model

KEY = "sk-0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def gguf_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a tiny model."""
    path = tmp_path_factory.mktemp("model") / "tiny.gguf"
    write_model(path)
    return path


@pytest.fixture(scope="module")
def url(gguf_file: Path) -> Iterator[str]:
    """The address of a server of it that wants a key."""
    with serving_model(gguf_file, keys=(KEY,)) as url:
        yield url


@pytest.fixture(params=["llamacpp", "openai", "anthropic", "by url"])
def make(request, url, monkeypatch) -> Callable[..., Any]:
    """`make(name, **settings)`: the language model of that name, as each preset reaches it, and by its URL."""
    prefix = request.param
    if prefix == "by url":
        monkeypatch.setenv("SELFTAUGHT_API_KEY", KEY)
        whole = f"{url}/v1#{{}}"
    else:
        preset = PRESETS[prefix]
        monkeypatch.setenv(preset.key_variables[0], KEY)
        monkeypatch.setenv(preset.url_variable, url)
        whole = f"{prefix}:{{}}"

    def make(name: str = "tiny", **settings: Any) -> Any:
        given = {"max_output_tokens": 12, "call_seconds": 60.0, **settings}
        context = ModelContext(sandbox=None, rng_seed=0, settings=checked_settings(CommonSettings, **given))
        return find_model(whole.format(name))(context)

    return make


def using(model: Any, work: Callable[[Any], Any]) -> Any:
    async def used() -> Any:
        try:
            await model.open()
            return await work(model)
        finally:
            await model.close()

    return asyncio.run(used())


def test_every_message_gets_its_samples(make):
    reply = using(make(), lambda model: model.answer(request_of("Improve it.", "And this.", n=3)))
    assert len(reply.samples) == 6
    assert len(set(reply.texts)) == 6
    assert {sample.finish for sample in reply.samples} <= {Finish.CUT_OFF, Finish.COMPLETE}
    assert reply.spending.tokens_in > 60
    assert 6 <= reply.spending.tokens_out <= 6 * 12
    assert reply.spending.n_unpriced > 0


def test_a_long_message_is_taken_whole_and_one_that_is_too_long_is_rejected(make):
    reply = using(make(), lambda model: model.answer(request_of("the program " * 2000)))
    assert reply.spending.tokens_in > 2000
    with pytest.raises(LanguageModelError, match=r"rejected the request: it answered 400: .*exceeds"):
        using(make(), lambda model: model.answer(request_of("zq" * 20_000)))


def test_a_name_that_is_not_served_is_refused_with_the_near_one(make):
    with pytest.raises(ConfigError, match=r"there is no model tinny.*did you mean tiny\?"):
        using(make("tinny"), lambda model: model.answer(request_of("x")))


def test_a_wrong_key_is_found_out_before_anything_is_asked(make, monkeypatch):
    for variable in ("SELFTAUGHT_API_KEY", "LLAMA_API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(variable, "sk-of-somebody-else")
    with pytest.raises(ConfigError) as raised:
        using(make(), lambda model: model.answer(request_of("x")))
    assert "401" in str(raised.value)
    assert "somebody-else" not in str(raised.value)


def test_a_server_that_stops_is_down(gguf_file, monkeypatch):
    async def asked_after_the_end() -> Fault:
        with serving_model(gguf_file) as url:
            provider: Provider = provider_at(url)
            await provider.open()
            await provider.complete(prompt)
        try:
            await provider.complete(prompt)
        except ProviderFault as fault:
            return fault.fault
        finally:
            await provider.close()
        raise AssertionError("it answered after its end")

    def provider_at(url: str) -> Provider:
        context = ModelContext(sandbox=None, rng_seed=0)
        return find_model(f"{url}/v1#tiny")(context)._provider

    prompt = Prompt(
        expertise="", message="x", n_samples=1, temperature=1.0, max_output_tokens=4, rng_seed=0, seconds=30.0
    )
    assert asyncio.run(asked_after_the_end()) is Fault.DOWN
