"""What can be used now: keys that are set, packages that are there, servers of this machine that answer."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

import pytest

from selftaught.models.presets import PRESETS
from selftaught.models.usable import Usable, usable_models

from .http_server import Answer, Asked, listing, refusing, serving

NOBODY = "http://127.0.0.1:9"
LOCAL = [preset for preset in PRESETS.values() if preset.is_local]


def found(**environment: str) -> dict[str, Usable]:
    """What is usable, by prefix; servers of this machine are looked for where nobody is, if nothing else is said."""
    elsewhere = {preset.url_variable: NOBODY for preset in LOCAL}
    listed = asyncio.run(usable_models({**elsewhere, **environment}))
    return {usable.info.name.partition(":")[0]: usable for usable in listed}


def test_what_is_embedded_is_usable_and_all_else_says_what_is_missing():
    models = found()
    assert [prefix for prefix, usable in models.items() if usable.usable] == [
        "gp", "gp-expressions", "mailbox", "replay",
    ]  # fmt: skip
    assert models["http"].usable is None
    for prefix, usable in models.items():
        assert usable.missing or prefix in ("gp", "gp-expressions", "mailbox", "replay", "http")
    assert models["groq"].missing == "no key: set GROQ_API_KEY in the environment"
    assert models["azure"].missing == "no address: set AZURE_OPENAI_ENDPOINT in the environment"
    assert models["ollama"].missing == (
        "nobody answers there: start it with `ollama serve`, or set OLLAMA_HOST to its address"
    )


def test_a_key_makes_a_provider_usable_and_nobody_elsewhere_is_asked(monkeypatch):
    keys = {preset.key_variables[0]: "sk-1234567890" for preset in PRESETS.values() if preset.needs_key}
    models = found(**keys, AZURE_OPENAI_ENDPOINT="https://mine.openai.azure.invalid")
    hosted = [preset.prefix for preset in PRESETS.values() if not preset.is_local]
    assert {prefix: models[prefix].missing for prefix in hosted} == dict.fromkeys(hosted)
    monkeypatch.setitem(sys.modules, "anthropic", None)  # as if it was not installed
    assert found(**keys)["anthropic"].missing == "a package is missing: pip install 'selftaught[anthropic]'"
    assert "no key has" in found(OPENAI_API_KEY="sk-\n1")["openai"].missing


def test_the_models_of_a_local_server_are_listed():
    answer = listing("qwen3:8b", {"id": "/models/tiny.gguf"}, "\x1b[2Jevil\nname")
    with serving(lambda asked: answer) as server:
        models = found(OLLAMA_HOST=server.url, OLLAMA_API_KEY="sk-1234567890")
    ollama = models["ollama"]
    assert ollama.usable is True
    assert [info.name for info in ollama.served] == ["ollama:qwen3:8b", "ollama:tiny", "ollama:\\x1b[2Jevil name"]
    assert ollama.info.summary == f"a model of Ollama at {server.url}/v1"
    assert [asked.path for asked in server.asked] == ["/v1/models"]
    assert server.asked[0].headers["authorization"] == "Bearer sk-1234567890"


def test_gp_behind_a_server_of_ours_is_no_language_model():
    entry = {"id": "gp", "owned_by": "selftaught", "is_language_model": False, "notice": "not a language model, gp"}
    with serving(lambda asked: listing(entry)) as server:
        [info] = found(VLLM_BASE_URL=server.url)["vllm"].served
    assert (info.name, info.is_language_model, info.notice) == ("vllm:gp", False, "not a language model, gp")


@pytest.mark.parametrize(
    ("answer", "missing"),
    [
        (refusing(401, "no key"), "it does not take the key: set OLLAMA_API_KEY in the environment"),
        (refusing(500, "broken"), "nobody answers there: start it with `ollama serve`, or set OLLAMA_HOST"),
        (Answer(body=b"<html>"), "who answers there lists no models"),
        (Answer(status=404), "who answers there lists no models"),
        (listing(), "who answers there lists no models"),
        (Answer(body=b"[" * 100_000), "who answers there lists no models"),
        (Answer(wait_seconds=60), "it took too long"),
        (Answer(body=b"x" * 1000, drips=True), "it took too long"),
        (Answer(hangs_up=True), "nobody answers there: start it with `ollama serve`, or set OLLAMA_HOST"),
    ],
)
def test_whatever_answers_there_nothing_breaks_and_nobody_waits_long(answer, missing):
    with serving(lambda asked: answer) as server:
        began = time.monotonic()
        ollama = found(OLLAMA_HOST=server.url)["ollama"]
        assert time.monotonic() - began < 30  # not the 60 of the server
    assert ollama.usable is False
    assert missing in ollama.missing


def test_servers_are_asked_at_the_same_time():
    waiting: list[Any] = []

    def script(asked: Asked) -> Answer:
        waiting.append(asked)
        while len(waiting) < len(LOCAL):  # each waits for the others
            time.sleep(0.01)
        return listing("m")

    with serving(script) as server:
        models = found(**{preset.url_variable: server.url for preset in LOCAL})
    assert all(models[preset.prefix].usable for preset in LOCAL)


def test_a_server_on_another_machine_is_not_asked():
    ollama = found(OLLAMA_HOST="http://gpu.invalid:11434", OLLAMA_API_KEY="sk-1234567890")["ollama"]
    assert (ollama.usable, ollama.missing, ollama.served) == (None, None, ())
    assert ollama.info.summary.endswith("http://gpu.invalid:11434/v1")


def test_no_password_of_an_address_is_shown():
    ollama = found(OLLAMA_HOST="http://me:secret-of-mine@127.0.0.1:9")["ollama"]
    assert "secret-of-mine" not in f"{ollama}"
