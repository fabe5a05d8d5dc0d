"""Models over the network through the command line: whole runs, against a real model and against a scripted server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..models.http_server import Answer, Asked, chat, choice, listing, refusing, serving
from ..models.tiny_model import serving_model, write_model

SMALL = ("--budget-calls", "1", "--budget-responses", "2", "--budget-utility", "4", "--rng-seed", "1")
SMALL_RUN = (
    *SMALL, "--meta-budget-calls", "1", "--meta-budget-responses", "2", "--meta-budget-utility", "2", "--rounds", "1",
    "--repeats", "1", "--gate-repeats", "1", "--test-repeats", "1", "--fresh-repeats", "2",
)  # fmt: skip
PROGRAM = "def priority(p, d, w, now, mean):\n    return w / max(p, d - now)\n"


@pytest.fixture(scope="module")
def tiny_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real model that answers rubbish."""
    path: Path = tmp_path_factory.mktemp("model") / "tiny.gguf"
    write_model(path)
    with serving_model(path) as url:
        yield url


def test_an_improvement_with_a_real_model_ends_properly(selftaught, tiny_url):
    improved = selftaught(
        "improve", "dispatch", "--model", f"{tiny_url}/v1#tiny", *SMALL, "--max-output-tokens", "40", "--json"
    )
    document = improved.document
    assert improved.code in (0, 1), improved.stderr
    assert "Traceback" not in improved.stderr
    assert (document["model"], document["is_language_model"]) == (f"{tiny_url}/v1#tiny", True)
    assert document["budget"]["calls"] == 1
    assert document["budget"]["responses"] == 2
    shown = selftaught("show", document["run_id"])
    assert shown.code == 0
    assert f"{tiny_url}/v1#tiny" in selftaught("runs").stdout


def test_a_run_with_a_real_model_ends_properly_and_rubbish_is_an_outcome_not_a_zero(selftaught, tiny_url):
    ran = selftaught(
        "run", "dispatch", "--model", f"{tiny_url}/v1#tiny", *SMALL_RUN, "--max-output-tokens", "40", "--json"
    )
    assert ran.code == 0, ran.stderr
    assert "Traceback" not in ran.stderr
    made = ran.document["rounds"][1]
    assert made["outcome"] != "ok"
    assert made["message"]
    assert (made["proposal"], made["proposal_validation"], made["accepted"]) == (None, None, False)
    assert made["meta_budget_used"]["responses"] == 2
    assert made["meta_budget_used"]["characters_received"] > 0
    # What fails is worth what it was given, not nothing.
    assert made["validation"] == made["parent_validation"] != 0.0


def answering(program: str = PROGRAM, **entry: object) -> object:
    """A script: a list with the model `m`, and answers that are all the same program."""

    def script(asked: Asked) -> Answer:
        if asked.method == "GET":
            return listing({"id": "m", **entry})
        return chat(*[choice(f"Weigh it:\n\n```python\n{program}```\n")] * asked.body.get("n", 1))

    return script


def test_an_improvement_over_http_and_what_it_used(selftaught):
    with serving(answering()) as server:
        improved = selftaught("improve", "dispatch", "--model", f"{server.url}/v1#m", *SMALL, "--json")
    assert improved.code == 0, improved.stderr
    assert improved.document["source"].strip() == PROGRAM.strip()
    assert improved.document["value_after"] > improved.document["value_before"]
    assert improved.document["is_language_model"] is True
    [body] = server.posted()
    assert "def priority" in body["messages"][-1]["content"]


def test_what_a_server_of_ours_says_is_no_language_model_is_shown_as_none(selftaught):
    entry = {
        "owned_by": "selftaught", "is_language_model": False,
        "notice": "m is not a language model: \x1b[31mit edits programs.",
    }  # fmt: skip
    with serving(answering(**entry)) as server:
        name = f"{server.url}/v1#m"
        ran = selftaught("run", "dispatch", "--model", name, *SMALL_RUN, "--json")
        assert ran.code == 0, ran.stderr
        assert ran.document["is_language_model"] is False
    for command in (["show", ran.document["run_id"]], ["curves", ran.document["run_id"]]):
        shown = selftaught(*command)
        assert shown.code == 0, shown.stderr
        assert f"{name} is not a language model" in shown.stdout
        assert "\x1b" not in shown.stdout


def test_a_recording_of_such_a_model_says_so_too(selftaught):
    entry = {"owned_by": "selftaught", "is_language_model": False, "notice": "m is not a language model."}
    with serving(answering(**entry)) as server:
        improved = selftaught("improve", "dispatch", "--model", f"{server.url}/v1#m", *SMALL, "--json")
    assert selftaught("export", improved.document["run_id"], "--recording", "r.jsonl").code == 0
    again = selftaught("improve", "dispatch", "--model", "replay:r.jsonl", *SMALL, "--json", "--store", "other.db")
    assert again.code == 0, again.stderr
    assert again.document["is_language_model"] is False
    assert "m is not a language model" in again.document["notice"]


def test_a_series_waits_for_a_server_that_is_away_when_its_next_run_begins(selftaught):
    n_listings = 0

    def script(asked: Asked) -> Answer:
        nonlocal n_listings
        if asked.method != "GET":
            return answering()(asked)
        n_listings += 1
        return Answer(hangs_up=True) if n_listings in (2, 3) else listing("m")

    with serving(script) as server:
        ran = selftaught("run", "dispatch", "--runs", "2", "--model", f"{server.url}/v1#m", *SMALL_RUN, "--json")
    assert ran.code == 0, ran.stderr
    assert ran.document["failures"] == []
    assert n_listings == 4


def test_a_series_whose_provider_is_away_for_too_long_ends_and_can_be_resumed(selftaught):
    is_down = True

    def script(asked: Asked) -> Answer:
        is_away = is_down and len(server.posted()) > 3
        return Answer(hangs_up=True) if is_away else answering()(asked)

    with serving(script) as server:
        flags = ("--model", f"{server.url}/v1#m", *SMALL_RUN, "--outage-seconds", "1")
        ended = selftaught("run", "dispatch", "--runs", "2", *flags)
        assert ended.code == 1
        series = next(run["run_id"] for run in selftaught("runs", "--json").document if run["kind"] == "series")
        assert f"`selftaught resume {series}` goes on" in ended.stderr.splitlines()[-1]
        is_down = False
        resumed = selftaught("resume", series, "--json")
    assert resumed.code == 0, resumed.stderr
    assert (len(resumed.document["runs"]), resumed.document["failures"]) == (2, [])


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (lambda asked: listing("n"), "(it has no 'm'; there are: n)"),
        (lambda asked: refusing(401, "who are you"), "it answered 401: who are you; check SELFTAUGHT_API_KEY"),
        (lambda asked: refusing(500, "I am broken"), "500: I am broken"),
    ],
)
def test_a_model_that_cannot_be_had_is_one_sentence_and_exit_code_2(selftaught, script, says):
    with serving(script) as server:
        ended = selftaught("improve", "dispatch", "--model", f"{server.url}/v1#m", *SMALL)
    assert ended.code == 2
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1
    assert says in ended.stderr


@pytest.mark.parametrize("command", ["run", "improve", "transfer", "compare"])
def test_a_missing_key_is_found_out_before_a_store_is_made(selftaught, tmp_path, monkeypatch, command):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    more = {
        "transfer": ("seed", "--tasks", "dispatch"),
        "compare": ("--improvers", "seed,best_of_n", "--tasks", "dispatch"),
    }.get(command, ("dispatch",))
    ended = selftaught(command, *more, "--model", "openai:gpt-5")
    assert ended.code == 2
    assert ended.stderr == "selftaught: openai: needs a key of OpenAI: set OPENAI_API_KEY in the environment\n"
    assert list(tmp_path.iterdir()) == []


def test_models_says_what_can_be_used(selftaught, monkeypatch):
    monkeypatch.setenv("GROQ_API_KEY", "gsk-1234567890123456")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with serving(lambda asked: listing("qwen3:8b")) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.url)
        listed = {model["name"]: model for model in selftaught("models", "--json").document}
        lines = selftaught("models").stdout.splitlines()
    assert listed["groq:NAME"]["usable"] is True
    assert listed["openai:NAME"]["usable"] is False
    assert "OPENAI_API_KEY" in listed["openai:NAME"]["missing"]
    assert [served["name"] for served in listed["ollama:NAME"]["served"]] == ["ollama:qwen3:8b"]
    assert lines[lines.index("  ollama:qwen3:8b") - 1].startswith("ollama:NAME")
    assert "gsk-" not in json.dumps(listed) + "".join(lines)
