"""Names: what becomes of a good one, and one sentence for a wrong one, before anything is opened or asked."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from selftaught.errors import ConfigError
from selftaught.models import ModelContext, find_model, find_unasked, model_info, model_infos
from selftaught.models.presets import PRESETS
from selftaught.models.remote import RemoteModel
from selftaught.models.unasked import UnaskedModel

VARIABLES = [name for preset in PRESETS.values() for name in (*preset.key_variables, preset.url_variable)]
KEY = "sk-00112233445566778899aabbccddeeff"


@pytest.fixture(autouse=True)
def _nothing_set_and_no_network(monkeypatch):
    """No key and no address in the environment; whoever wants to connect fails the test."""
    for name in (*VARIABLES, "SELFTAUGHT_API_KEY"):
        monkeypatch.delenv(name, raising=False)

    def refuse(*_: object) -> None:
        pytest.fail("a name is looked up without the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def made(name: str):
    return find_model(name)(ModelContext(sandbox=None, rng_seed=0))


def test_every_preset_is_a_model_of_its_provider(monkeypatch):
    for preset in PRESETS.values():
        monkeypatch.setenv(preset.key_variables[0], KEY)
        if not preset.base_url:
            monkeypatch.setenv(preset.url_variable, "https://mine.openai.azure.com")
        model = made(f"{preset.prefix}:some-model:8b")
        assert isinstance(model, RemoteModel)
        assert model.info.name == f"{preset.prefix}:some-model:8b"
        assert model.info.is_language_model
        assert KEY not in f"{model.info} {model!r} {vars(model)}"


def test_what_is_known_without_asking_is_what_the_model_would_say(monkeypatch):
    context = ModelContext(sandbox=None, rng_seed=0)
    for preset in PRESETS.values():
        name = f"{preset.prefix}:some-model:8b"
        unasked = find_unasked(name)(context)
        assert isinstance(unasked, UnaskedModel)
        needs_something = preset.needs_key or not preset.base_url
        assert (unasked.missing is not None) == needs_something
        monkeypatch.setenv(preset.key_variables[0], KEY)
        if not preset.base_url:
            monkeypatch.setenv(preset.url_variable, "https://mine.openai.azure.com")
        model = made(name)
        assert find_unasked(name)(context).missing is None
        for known in ("info", "price", "improvement_budget", "meta_budget", "counts_tokens"):
            assert getattr(unasked, known) == getattr(model, known), (name, known)


def test_the_price_of_a_model_elsewhere_is_not_that_of_the_provider(monkeypatch):
    context = ModelContext(sandbox=None, rng_seed=0)
    assert find_unasked("openai:gpt-5")(context).price is not None
    monkeypatch.setenv("OPENAI_BASE_URL", "https://models.example.org/v1")
    assert find_unasked("openai:gpt-5")(context).price is None


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("http://127.0.0.1:8000/v1#gp", "http://127.0.0.1:8000/v1"),
        ("http://127.0.0.1:8000#gp", "http://127.0.0.1:8000/v1"),
        ("http://127.0.0.1:8000/#gp", "http://127.0.0.1:8000/v1"),
        ("https://models.example.org/some/path/#a/b:c#d", "https://models.example.org/some/path"),
        ("http://[::1]:8000/v1#gp", "http://[::1]:8000/v1"),
    ],
)
def test_any_url_is_a_model(name, where):
    assert made(name)._provider.where == where
    assert made(name).info.name == name


def test_the_key_for_a_url_has_a_variable_of_its_own(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert made("http://127.0.0.1:8000/v1#m")._provider._client.api_key != KEY
    monkeypatch.setenv("SELFTAUGHT_API_KEY", KEY)
    assert made("http://127.0.0.1:8000/v1#m")._provider._client.api_key == KEY


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "there is no model ''; there are: anthropic:NAME"),
        ("gpp", "there is no model 'gpp'; did you mean gp?"),
        ("gpt-5", "did you mean gp? A provider's model is named with its prefix, as in openai:gpt-5"),
        ("zzzz", "vllm:NAME; a provider's model is named with its prefix, as in openai:zzzz"),
        ("opnai:gpt-5", "there is no model 'opnai:gpt-5'; did you mean openai:gpt-5?"),
        ("lama:qwen3", "did you mean ollama:qwen3?"),
        ("openai", "did you mean openai:NAME?"),
        ("openai:", "a model of OpenAI needs its own name, as in openai:NAME"),
        ("openai: ", "needs its own name"),
        ("openai:a\x1bb", "needs its own name"),
        ("openai:" + "x" * 301, "needs its own name"),
        ("openai:gpt-5", "openai: needs a key of OpenAI: set OPENAI_API_KEY in the environment"),
        ("gemini:x", "gemini: needs a key of Google Gemini: set GOOGLE_API_KEY or GEMINI_API_KEY in the environment"),
        ("azure:x", "azure: no address: set AZURE_OPENAI_ENDPOINT in the environment"),
        ("http://127.0.0.1:8000/v1", "the URL names no model: write URL#NAME"),
        ("http://127.0.0.1:8000/v1#", "the URL names no model"),
        ("http:#m", "should be like http://127.0.0.1:8000/v1"),
        ("http://#m", "should be like"),
        ("http://127.0.0.1:99999/v1#m", "should be like"),
        ("http://127.0.0.1:x/v1#m", "should be like"),
        ("http://[::1/v1#m", "should be like"),
        ("http://a b/v1#m", "should be like"),
        ("http://127.0.0.1/v1?key=abc#m", "may have no ?, no # and no password in it"),
        ("http://me:secret@127.0.0.1/v1#m", "names are recorded, so put the key into SELFTAUGHT_API_KEY"),
        ("ftp://127.0.0.1/v1#m", "there is no model"),
        ("mailbox:", "needs a folder"),
    ],
)
def test_a_wrong_name_is_one_sentence_with_the_mend(name, says):
    with pytest.raises(ConfigError) as raised:
        find_model(name)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("key", ["sk-\nx", "sk-ü"])
def test_what_cannot_be_a_key_is_said_without_saying_it(monkeypatch, key):
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(ConfigError) as raised:
        find_model("openai:gpt-5")
    assert str(raised.value) == "OPENAI_API_KEY holds characters that no key has; set it anew"


def test_the_key_is_read_when_the_model_is_made(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-an-old-key")
    make = find_model("openai:gpt-5")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert make(ModelContext(sandbox=None, rng_seed=0))._provider._client.api_key == KEY
    assert "sk-an-old-key" not in repr(make.__closure__)


@pytest.mark.parametrize(
    ("prefix", "value", "where"),
    [
        ("ollama", "", "http://127.0.0.1:11434/v1"),
        ("ollama", "0.0.0.0", "http://127.0.0.1:11434/v1"),
        ("ollama", "0.0.0.0:7000", "http://127.0.0.1:7000/v1"),
        ("ollama", ":7000", "http://127.0.0.1:7000/v1"),
        ("ollama", "https://gpu.example.org", "https://gpu.example.org:11434/v1"),
        ("ollama", "gpu:7000/", "http://gpu:7000/v1"),
        ("openai", "https://eu.api.openai.com/v1", "https://eu.api.openai.com/v1"),
        ("openai", "http://127.0.0.1:4000", "http://127.0.0.1:4000/v1"),
        ("groq", "https://api.groq.com", "https://api.groq.com/openai/v1"),
        ("vllm", "http://me:secret@127.0.0.1:8001/v1", "http://127.0.0.1:8001/v1"),
    ],
)
def test_an_address_may_come_from_its_variable(monkeypatch, prefix, value, where):
    preset = PRESETS[prefix]
    monkeypatch.setenv(preset.key_variables[0], KEY)
    monkeypatch.setenv(preset.url_variable, value)
    assert made(f"{prefix}:m")._provider.where == where


@pytest.mark.parametrize("value", ["http://[", "http://h:99999999", "http://h/v1?x=1", "http://h/ä"])
def test_a_variable_that_holds_no_address_is_one_sentence(monkeypatch, value):
    monkeypatch.setenv("OLLAMA_HOST", value)
    with pytest.raises(ConfigError):
        find_model("ollama:m")


@pytest.mark.parametrize(
    ("prefix", "value", "price_provider"),
    [
        ("openai", "", "openai"),
        ("openai", "https://eu.api.openai.com/v1", "openai"),
        ("openai", "http://127.0.0.1:4000/v1", ""),
        ("openai", "https://notopenai.com/v1", ""),
        ("azure", "https://mine.openai.azure.com", "azure"),
        ("ollama", "", ""),
        ("gemini", "", "google"),
    ],
)
def test_prices_are_those_of_the_provider_only_at_its_own_address(monkeypatch, prefix, value, price_provider):
    monkeypatch.setenv(PRESETS[prefix].key_variables[0], KEY)
    if value:
        monkeypatch.setenv(PRESETS[prefix].url_variable, value)
    assert made(f"{prefix}:m")._provider.price_provider == price_provider


def test_what_a_recorded_run_names_is_known_without_a_key():
    for name in ("openai:gpt-5", "ollama:x", "http://127.0.0.1:1/v1#gp", "anthropic:claude", "gemini:x"):
        info = model_info(name)
        assert info is not None
        assert (info.name, info.is_language_model) == (name, True)
    assert model_info("nobody:x") is None
    assert model_info("gp").notice


def test_everything_is_listed_once():
    names = [info.name for info in model_infos()]
    assert len(set(names)) == len(names)
    assert {"gp", "mailbox:DIR", "openai:NAME", "http://HOST:PORT/v1#NAME"} <= set(names)


@pytest.mark.parametrize(("prefix", "module"), [("anthropic", "anthropic"), ("gemini", "google.genai")])
def test_a_missing_extra_is_named_with_the_command(monkeypatch, prefix, module):
    monkeypatch.setenv(PRESETS[prefix].key_variables[0], KEY)
    monkeypatch.setitem(sys.modules, module, None)  # as if it was not installed
    with pytest.raises(ConfigError) as raised:
        find_model(f"{prefix}:m")
    assert str(raised.value) == (f"{prefix}: needs a package that is not installed: pip install 'selftaught[{prefix}]'")


def test_no_client_is_loaded_before_a_model_needs_it(tmp_path: Path):
    program = (
        "import sys\n"
        "from selftaught.models import find_model, model_infos\n"
        "find_model('openai:gpt-5'); find_model('anthropic:m'); find_model('gp'); model_infos()\n"
        "import selftaught.cli, selftaught.experiment\n"
        "print(*sorted({'openai', 'anthropic', 'google.genai', 'genai_prices', 'httpx2'} & sys.modules.keys()))\n"
    )
    environment = {"OPENAI_API_KEY": KEY, "ANTHROPIC_API_KEY": KEY}
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (ended.stdout, ended.stderr) == ("\n", "")


def test_who_leaves_out_what_comes_after_a_prefix_is_told_no_nonsense():
    with pytest.raises(ConfigError, match=r"^there is no model 'openai'; did you mean openai:NAME\?$"):
        find_model("openai")


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("ftp://127.0.0.1", "the address in OPENAI_BASE_URL should be like https://api.openai.com/v1"),
        ("http://127.0.0.1/v1?key=secret", "the address in OPENAI_BASE_URL may have no ?, no # in it; set it anew"),
    ],
)
def test_a_wrong_address_in_the_environment_is_said_to_be_there(monkeypatch, address, says):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", address)
    with pytest.raises(ConfigError) as raised:
        find_model("openai:gpt-5")
    assert str(raised.value) == says
