"""The list of models that a server has, its own and foreign ones, hostile ones too."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from selftaught.models import ModelInfo
from selftaught.models.openai_provider import OpenAIProvider
from selftaught.models.presets import BY_URL, PRESETS, address_of
from selftaught.models.provider import Fault, ProviderFault
from selftaught.models.served_list import find_served, info_as_served, unknown_model
from selftaught.redaction import Redactor
from selftaught.settings import ModelSettings

from .http_server import Answer, Asked, listing, refusing, serving

INFO = ModelInfo(name="URL#gp", summary="a test", is_language_model=True, version="1")
OURS = {
    "id": "gp",
    "object": "model",
    "owned_by": "selftaught",
    "is_language_model": False,
    "notice": "gp is not a language model: it edits programs at random, by general rules.",
    "version": "3",
}


@pytest.fixture
def opened() -> Iterator[Callable[..., ModelInfo]]:
    """`opened(answer, model, preset)`: the info of a provider whose server answers so when it is opened."""

    async def open_it(url: str, model: str, preset: str) -> ModelInfo:
        found = PRESETS[preset] if preset else BY_URL
        environment = {found.url_variable: url, found.key_variables[0]: "a-key-of-mine"}
        address = address_of(found, model, environment, url="" if preset else url)
        provider = OpenAIProvider(found, address, ModelSettings(), INFO)
        try:
            await provider.open()
        finally:
            await provider.close()
        return provider.info

    with contextlib.ExitStack() as stack:

        def make(answer: Answer, model: str = "gp", preset: str = "") -> ModelInfo:
            def script(asked: Asked) -> Answer:
                assert asked.method == "GET", "opening spends nothing"
                assert asked.path.split("?")[0].endswith("/models")
                return answer

            return asyncio.run(open_it(f"{stack.enter_context(serving(script)).url}/v1", model, preset))

        yield make


def test_a_server_of_ours_says_that_gp_is_no_language_model(opened):
    info = opened(listing(OURS, {**OURS, "id": "other"}))
    assert (info.is_language_model, info.notice, info.version) == (False, OURS["notice"], "3")
    assert info.name == "URL#gp"


@pytest.mark.parametrize(
    ("entry", "notice"),
    [
        ({"id": "gp", "is_language_model": False}, "URL#gp is not a language model."),
        ({"id": "gp", "is_language_model": False, "notice": "It is the best."},
         "URL#gp is not a language model: It is the best."),
        ({"id": "gp", "is_language_model": False, "notice": ["x"], "version": 7}, "URL#gp is not a language model."),
        ({"id": "gp", "owned_by": "selftaught", "is_language_model": True, "notice": "Who wrote it is not known."},
         "Who wrote it is not known."),
        ({"id": "gp", "owned_by": "selftaught"}, None),
        ({"id": "gp", "notice": "buy our shares"}, None),
        ({"id": "gp", "is_language_model": 0}, None),
    ],
)  # fmt: skip
def test_what_is_no_language_model_says_so_whatever_the_server_adds(opened, entry, notice):
    info = opened(listing(entry))
    assert info.notice == notice
    assert info.is_language_model is (notice is None or "not a language model" not in notice)


def test_what_a_server_says_of_its_model_is_bounded_and_escaped(opened):
    notice = "not a language model \x1b[2J\n\rselftaught: fine \u202e" + "x" * 10_000
    info = opened(listing({**OURS, "notice": notice, "version": "1\n2" * 1000}))
    assert info.notice is not None
    assert info.notice.isprintable()
    assert len(info.notice) < 300
    assert info.version.isprintable()
    assert len(info.version) <= 40


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=404, body=b"nothing here"),
        Answer(status=405),
        Answer(status=501, body={"error": "no"}),
        Answer(body=b"<html>"),
        Answer(body=b""),
        Answer(body=[]),
        Answer(body={"data": None}),
        Answer(body={"data": [1, None, {}, {"id": 7}, {"id": ""}, {"id": "x" * 1000}]}),
        listing(),
    ],
)
def test_a_server_without_a_list_is_no_error(opened, answer):
    assert opened(answer) == INFO


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (refusing(401, "who are you"), Fault.KEY),
        (refusing(403, "go away"), Fault.KEY),
        (refusing(500, "broken"), Fault.DOWN),
        (refusing(429, "wait"), Fault.BUSY),
        (Answer(hangs_up=True), Fault.DOWN),
    ],
)
def test_whether_it_can_answer_is_found_out(opened, answer, fault):
    with pytest.raises(ProviderFault) as raised:
        opened(answer)
    assert raised.value.fault is fault


@pytest.mark.parametrize(
    ("model", "names"),
    [
        ("qwen3", ["qwen3:latest"]),
        ("qwen3:8b", ["qwen3:8b", "qwen3:latest"]),
        ("gemini-x", ["models/gemini-x"]),
        ("openai/gpt-x", ["openai/*"]),
        ("author/model:free", ["author/model"]),
        ("anything", []),
    ],
)
def test_a_name_may_be_meant_by_another(opened, model, names):
    assert opened(listing(*names), model) == INFO


def test_an_unknown_name_gets_the_near_ones(opened):
    with pytest.raises(ProviderFault) as raised:
        opened(listing("qwen3:8b", "qwen3:latest", "llama"), "qwen4")
    assert raised.value.fault is Fault.UNKNOWN_MODEL
    assert str(raised.value) == "it has no 'qwen4'; did you mean qwen3:8b?"


def test_an_unknown_name_among_many_is_said_with_a_few():
    names = tuple(f"model-{number}" for number in range(10_000))
    said = str(unknown_model("zzz", names, Redactor([])))
    assert said == (
        "it has no 'zzz'; it has 10000 others, such as model-0, model-1, model-10, model-100, "
        "model-1000, model-1001, model-1002, model-1003"
    )


def test_hostile_names_are_escaped_where_they_are_listed():
    said = str(unknown_model("abc", ("abd\x1b[2J\nselftaught: fine", "x" * 5000), Redactor([])))
    assert said.isprintable()
    assert len(said) < 300


def test_azure_lists_no_deployments(opened):
    assert opened(listing("gpt-x"), "my-deployment", "azure") == INFO


def test_the_shapes_of_ollama_and_gemini_are_known():
    assert find_served({"models": [{"name": "qwen3:latest", "model": "qwen3:latest"}]}, "qwen3").entry is not None
    assert find_served({"models": [{"name": "models/gemini-x"}]}, "gemini-x").entry is not None


def test_a_secret_in_a_notice_is_hidden():
    entry: dict[str, Any] = {**OURS, "notice": "gp is not a language model, sk-123456789012"}
    assert "sk-1234" not in str(info_as_served(INFO, entry, Redactor(["sk-123456789012"])))
