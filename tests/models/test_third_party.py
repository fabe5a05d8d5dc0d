"""Models of other packages, registered by a real installed distribution: a folder with metadata on the path."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from selftaught.errors import ConfigError
from selftaught.models import ModelContext, Reply, find_model, model_info, model_infos

from .scripted_provider import request_of

GOOD = """
from selftaught.budget import Budget
from selftaught.errors import ConfigError
from selftaught.models import LanguageModel, ModelInfo, Reply

print("loaded")


class Parrot(LanguageModel):
    improvement_budget = meta_budget = Budget(calls=1, responses=1, utility_calls=1)

    def __init__(self, name, word):
        self.info = ModelInfo(name=name, summary="says a word", is_language_model=False, version="1",
                              notice="The parrot is not a language model.")
        self.word = word

    async def answer(self, request):
        return Reply.of([self.word] * len(request.messages) * request.n_responses)


def maker(name, argument):
    if not argument:
        raise ConfigError("parrot: needs a word")
    return lambda context: Parrot(name, argument)


def returns_nothing(name, argument):
    return None


def raises(name, argument):
    raise KeyError("what\\nis this")
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """`install(name, {prefix: value}, module=source)`: a distribution with entry points, and its module."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(distribution: str, points: dict[str, str], **modules: str) -> Path:
        metadata = tmp_path / f"{distribution}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        lines = [f"{prefix} = {value}" for prefix, value in points.items()]
        (metadata / "entry_points.txt").write_text("\n".join(["[selftaught.models]", *lines, ""]))
        for name, source in modules.items():
            (tmp_path / f"{name}.py").write_text(source)
            monkeypatch.delitem(sys.modules, name, raising=False)
        return metadata

    yield install
    for name in ("parrot_of_test", "broken_of_test"):
        sys.modules.pop(name, None)


def test_a_registered_prefix_is_a_model(install, run, capsys):
    install("parrots", {"parrot": "parrot_of_test:maker"}, parrot_of_test=GOOD)
    model = find_model("parrot:hello")(ModelContext(sandbox=None, rng_seed=0))
    reply: Reply = run(model.answer(request_of("a", "b", n=2)))
    assert reply.texts == ["hello"] * 4
    assert model.info.name == "parrot:hello"
    assert capsys.readouterr().out == "loaded\n"


def test_it_is_listed_and_known_without_being_loaded(install, capsys):
    install("parrots", {"parrot": "parrot_of_test:maker"}, parrot_of_test=GOOD)
    [info] = [info for info in model_infos() if info.name == "parrot:NAME"]
    assert info.summary == "a model of the package parrots"
    assert model_info("parrot:hello").name == "parrot:hello"
    with pytest.raises(ConfigError, match=r"did you mean parrot:hello\?"):
        find_model("parot:hello")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("name", "points", "says"),
    [
        ("parrot:", {"parrot": "parrot_of_test:maker"}, "parrot: needs a word"),
        ("parrot:x", {"parrot": "parrot_of_test:nothing_there"},
         "the package parrots provides parrot:, but it does not work (AttributeError: module 'parrot_of_test' has no "
         "attribute 'nothing_there'); mend it"),
        ("parrot:x", {"parrot": "no_such_module_of_test:maker"},
         "but it does not work (ModuleNotFoundError: No module named 'no_such_module_of_test'); mend it"),
        ("parrot:x", {"parrot": "broken_of_test:maker"}, "but it does not work (ZeroDivisionError: division by zero)"),
        ("parrot:x", {"parrot": "parrot_of_test:raises"}, "but it does not work (KeyError: 'what\\nis this')"),
        ("parrot:x", {"parrot": "parrot_of_test:returns_nothing"}, "but it returns no maker of a model; mend it"),
    ],
)  # fmt: skip
def test_what_does_not_work_is_one_sentence_and_only_for_who_uses_it(install, name, points, says):
    install("parrots", points, parrot_of_test=GOOD, broken_of_test="1 / 0")
    with pytest.raises(ConfigError) as raised:
        find_model(name)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)
    assert find_model("gp")
    assert model_infos()


def test_two_packages_for_one_prefix_are_not_chosen_between(install):
    install("parrots", {"parrot": "parrot_of_test:maker"}, parrot_of_test=GOOD)
    install("birds", {"parrot": "birds:maker"})
    with pytest.raises(
        ConfigError, match="the package birds and the package parrots both provide models named parrot:"
    ):
        find_model("parrot:x")


def test_nobody_replaces_a_prefix_of_ours(install, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    install("thieves", {"openai": "parrot_of_test:maker", "mailbox": "parrot_of_test:maker"}, parrot_of_test=GOOD)
    with pytest.raises(ConfigError, match="openai: needs a key"):
        find_model("openai:x")
    assert [info.name for info in model_infos()].count("openai:NAME") == 1
