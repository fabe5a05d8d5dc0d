"""A language model over HTTP through the command line: what a person sees when its provider fails."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


from model_faults.server import Answer, Asked, chat, choice, refusing, serving

from .conftest import SELFTAUGHT

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
            "when that is mended, `selftaught resume r-",
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
    assert selftaught("runs", "--json").document == [], "nothing was begun, so there is nothing to go on with"


SMALL_RUN = (
    *SMALL, "--meta-budget-calls", "1", "--meta-budget-responses", "2", "--meta-budget-utility", "2", "--rounds", "1",
    "--repeats", "1", "--gate-repeats", "1", "--test-repeats", "1", "--fresh-repeats", "2",
)  # fmt: skip


def test_a_run_whose_key_expires_goes_on_with_a_new_one_and_asks_nothing_again(selftaught):
    def script(asked):
        is_good = asked.key == "new" or (asked.key == "old" and asked.number < 3)
        return programs(asked) if is_good else refusing(401, f"{asked.key} has expired")

    with serving(script) as thread:
        model = f"{thread.server.url}#m"
        ended = selftaught("run", "dispatch", "--model", model, *SMALL_RUN, variables={"SELFTAUGHT_API_KEY": "old"})
        assert ended.code == 1
        run = selftaught("runs", "--json").document[0]["run_id"]
        assert f"when that is mended, `selftaught resume {run}` goes on" in one_sentence(ended)
        again = selftaught("resume", run, variables={"SELFTAUGHT_API_KEY": "old"})
        assert (again.code, "has expired" in one_sentence(again)) == (1, True)
        resumed = selftaught("resume", run, "--json", variables={"SELFTAUGHT_API_KEY": "new"})
        assert resumed.code == 0, resumed.stderr
        asked_in_two_lives = sum(asked.key == "new" for asked in thread.server.asked) + 3
        thread.server.asked.clear()
        undisturbed = selftaught(
            "run", "dispatch", "--model", model, *SMALL_RUN, "--fresh-answers", "--json",
            variables={"SELFTAUGHT_API_KEY": "new"},
        )  # fmt: skip
        assert asked_in_two_lives == len(thread.server.asked)
    for name in ("rounds", "improver", "budget"):
        assert same_but_for_seconds(resumed.document[name]) == same_but_for_seconds(undisturbed.document[name]), name


def same_but_for_seconds(document):
    if isinstance(document, dict):
        return {name: same_but_for_seconds(value) for name, value in document.items() if name != "seconds"}
    return [same_but_for_seconds(each) for each in document] if isinstance(document, list) else document


def test_a_wait_for_a_server_that_is_down_is_shown_and_ctrl_c_ends_it_so_that_it_can_be_resumed(selftaught, tmp_path):
    is_down = True

    def script(asked):
        return Answer(hangs_up=True) if is_down else programs(asked)

    with serving(script) as thread:
        command = [SELFTAUGHT, "improve", "dispatch", "--model", f"{thread.server.url}#m", *SMALL]
        waiting = subprocess.Popen(
            command, cwd=tmp_path, stderr=subprocess.PIPE, text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # tests may run where it is ignored
        )  # fmt: skip
        told = waiting.stderr.readline()
        assert "has not answered since" in told
        assert "(it hung up without an answer" in told
        assert "; waiting until" in told
        waiting.send_signal(signal.SIGINT)
        _, rest = waiting.communicate(timeout=60)
        run = selftaught("runs", "--json").document[0]
        assert (waiting.returncode, run["status"]) == (1, "interrupted")
        assert f"Ctrl-C is safe: `selftaught resume {run['run_id']}` goes on" in told
        assert rest.splitlines()[-1].endswith(f"`selftaught resume {run['run_id']}` goes on from there")
        is_down = False
        resumed = selftaught("resume", run["run_id"], "--json")
    assert resumed.code == 0, resumed.stderr
    assert resumed.document["source"].strip() == PROGRAM.strip()
