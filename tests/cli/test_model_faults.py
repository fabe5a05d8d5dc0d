"""A language model over HTTP through the command line: what a person sees when its provider fails."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from model_faults.server import Answer, Asked, chat, choice, refusing, serving

PROGRAM = "def priority(p, d, w, now, mean):\n    return w / max(p, d - now)\n"
SMALL = ("--budget-calls", "1", "--budget-responses", "2", "--budget-utility", "3", "--rng-seed", "5")


def programs(asked: Asked) -> Answer:
    """The same program for each sample, after an idea."""
    text = f"Weigh by what is left:\n\n```python\n{PROGRAM}```\n"
    return chat(*[choice(text)] * asked.n, usage={"prompt_tokens": 600, "completion_tokens": 60 * asked.n})


def improve(selftaught, url, *flags):
    return selftaught("improve", "dispatch", "--model", f"{url}#m", *SMALL, *flags)


def one_sentence(call) -> str:
    """The line that says why it ended; there is no trace beside it."""
    assert "Traceback" not in call.stderr
    *_, last = call.stderr.strip().splitlines()
    return last


def test_an_improvement_over_http(selftaught):
    with serving(programs) as thread:
        call = improve(selftaught, thread.server.url, "--price-in", 1, "--price-out", 2, "--json")
        assert call.code == 0, call.stderr
        assert call.document["source"].strip() == PROGRAM.strip()
        assert call.document["is_language_model"] is True
        assert [asked.n for asked in thread.server.asked] == [2]


def test_a_server_that_goes_away_and_comes_back_costs_only_time(selftaught):
    def script(asked):
        return Answer(hangs_up=True, goes_down_seconds=3.0) if asked.number == 0 else programs(asked)

    with serving(script) as thread:
        call = improve(selftaught, thread.server.url, "--json")
        assert call.code == 0, call.stderr
        assert call.document["source"].strip() == PROGRAM.strip()
        assert thread.server.asked[1].at - thread.server.asked[0].at > 2.9


@pytest.mark.parametrize(
    ("answer", "flags", "says"),
    [
        (
            refusing(401, "the key has expired"),
            (),
            "does not serve with this key (it answered 401: the key has expired; check SELFTAUGHT_API_KEY); "
            "when that is mended, the same command with --rng-seed 5 goes on",
        ),
        (
            refusing(503, "in repair"),
            ("--outage-seconds", "1"),
            "(it answered 503: in repair); the run waits 1 s at the",
        ),
        (programs, ("--max-tokens", "2000"), "the run has spent 0 of 2,000 tokens (--max-tokens)"),
    ],
    ids=["key", "down", "budget"],
)
def test_a_run_that_cannot_go_on_ends_with_one_sentence_and_blames_no_improver(selftaught, answer, flags, says):
    script = answer if callable(answer) else lambda asked: answer
    with serving(script) as thread:
        call = improve(selftaught, thread.server.url, *flags)
    assert call.code == 1
    assert call.stdout == ""
    assert says in one_sentence(call)
    shown = selftaught("runs", "--json").document
    assert [run["status"] for run in shown] == ["interrupted"]
    assert says in shown[0]["message"]


def test_a_refusal_is_told_to_the_improver_and_the_run_goes_on(selftaught):
    with serving(lambda asked: chat(choice(None, refusal="no"))) as thread:
        call = improve(selftaught, thread.server.url)
    assert call.code == 1
    assert "refused to answer, also when asked again" in call.stdout
    assert [run["status"] for run in selftaught("runs", "--json").document] == ["finished"]


@pytest.mark.parametrize(
    ("model", "flags", "says"),
    [
        ("http://127.0.0.1:9/v1#m", (), "nobody answers at http://127.0.0.1:9/v1"),
        ("{url}#another", (), "there is no model another at"),
        (
            "{url}#m",
            ("--max-cost", "1"),
            "no price is known for {url}#m, so --max-cost cannot hold; give --price-in and",
        ),
    ],
    ids=["nobody", "no such model", "no price"],
)
def test_what_cannot_be_asked_at_all_is_said_before_anything_is_spent(selftaught, model, flags, says):
    with serving(programs) as thread:
        url = thread.server.url
        call = selftaught("improve", "dispatch", "--model", model.format(url=url), *SMALL, *flags)
        assert thread.server.asked == []
    assert call.code == 2, call.stderr
    assert says.format(url=url) in one_sentence(call)
