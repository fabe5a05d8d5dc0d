"""Limits, ledger and estimate with a model that costs, served over HTTP on this machine."""

from __future__ import annotations

import re
import time

import pytest

from ..models.http_server import chat, choice, listing, refusing, serving

SMALL = (
    "--rounds", "1", "--repeats", "1", "--gate-repeats", "2", "--test-repeats", "2", "--fresh-repeats", "2",
    "--budget-calls", "2", "--budget-responses", "2", "--budget-utility", "6", "--accept", "always",
    "--meta-budget-calls", "1", "--meta-budget-responses", "2", "--meta-budget-utility", "2",
    "--max-output-tokens", "300", "--rng-seed", "0",
)  # fmt: skip
PRICES = ("--price-in", "2", "--price-out", "10")
TOKENS_IN, TOKENS_OUT = 400, 150
IMPROVER = '''
def improve_algorithm(initial_solution, utility, language_model):
    """Ask once, for one answer."""
    from helpers import extract_code
    return max(extract_code(language_model.prompt("expert", initial_solution + utility.str)), key=utility)
'''
SOLUTION = "def priority(p, d, w, now, mean):\n    return w / max(p, d - now)\n"


def script(asked):
    """Answers to a list of models, and to chats: a program in a fence, at a known number of tokens."""
    if asked.method == "GET":
        return listing("m")
    text = asked.body["messages"][-1]["content"]
    answer = f"```python\n{IMPROVER if 'improve_algorithm' in text else SOLUTION}```"
    n = asked.body.get("n") or 1
    usage = {
        "prompt_tokens": TOKENS_IN,
        "completion_tokens": TOKENS_OUT * n,
        "total_tokens": TOKENS_IN + TOKENS_OUT * n,
    }
    return chat(*[choice(answer)] * n, usage=usage)


@pytest.fixture
def server():
    with serving(script) as served:
        yield served


def spent_at(server):
    """What the server has sold."""
    samples = [body.get("n") or 1 for body in server.posted()]
    return len(samples) * TOKENS_IN, sum(samples) * TOKENS_OUT


def model_of(server):
    return ("--model", f"{server.url}/v1#m")


def test_what_is_spent_is_what_the_server_sold(selftaught, server):
    called = selftaught("run", "dispatch", *SMALL, *model_of(server), *PRICES, "--json")
    assert called.code == 0, called.stderr
    document, (sent, got) = called.document, spent_at(server)
    spending = document["spending"]
    assert (spending["tokens_in"], spending["tokens_out"]) == (sent, got)
    assert spending["cost_usd"] == pytest.approx((2 * sent + 10 * got) / 1e6, abs=1e-9)
    ledger = selftaught("show", document["run_id"], "--ledger", "--json").document["ledger"]
    assert (ledger["calls"], ledger["samples"]) == (document["budget"]["calls"], document["budget"]["responses"])
    spent, told = ledger["spending"], {"samples_known": 0}
    assert {**spent, **told} == {**spending, **told, "seconds": spent["seconds"]}
    text = selftaught("show", document["run_id"], "--ledger").stdout
    assert f"{spending['cost_usd']:.4f}" in text
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(("flag", "limit"), [("--max-cost", 0.035), ("--max-tokens", 10_000)])
def test_a_run_ends_before_it_buys_too_much(selftaught, server, flag, limit):
    called = selftaught("run", "dispatch", *SMALL, *model_of(server), *PRICES, flag, limit)
    assert called.code == 1, called.stdout
    said = called.stderr.splitlines()[-1]
    assert said.startswith("selftaught: the run has spent ")
    assert f"({flag}), and the next call may take more than is left; what it did is stored" in said
    sent, got = spent_at(server)
    bought = (2 * sent + 10 * got) / 1e6 if flag == "--max-cost" else sent + got
    assert limit / 3 < bought <= limit
    [run] = selftaught("runs", "--json").document
    assert (run["status"], run["message"]) == ("interrupted", said.removeprefix("selftaught: "))
    recorded = selftaught("show", run["run_id"], "--ledger", "--json").document["ledger"]["spending"]
    assert (recorded["tokens_in"], recorded["tokens_out"]) == (sent, got), "all that was paid for is on record"
    improved = selftaught("improve", "dispatch", "--improver", f"{run['run_id']}:0", "--model", "gp", "--json")
    assert improved.code == 0, improved.stderr
    assert improved.document["spending"]["tokens_in"] == 0
    again = selftaught("run", "dispatch", *SMALL, *model_of(server), *PRICES, "--json")
    assert again.code == 0, again.stderr
    spending = again.document["spending"]
    assert spending["samples_known"] >= got // TOKENS_OUT, "nothing is paid for twice"
    assert spent_at(server) == (sent + spending["tokens_in"], got + spending["tokens_out"])
    known = selftaught("show", again.document["run_id"], "--ledger").stdout
    assert f"{spending['samples_known']} of the samples were known already and cost nothing." in known


@pytest.mark.parametrize(("flag", "limit", "more"), [("--max-cost", 0.035, 0.06), ("--max-tokens", 10_000, 20_000)])
def test_what_the_sentence_says_can_be_typed_and_pays_for_no_answer_again(selftaught, server, flag, limit, more):
    command = ("run", "dispatch", *SMALL, *model_of(server), *PRICES)
    whole = selftaught(*command, "--store", "whole.db", "--json")
    assert whole.code == 0, whole.stderr
    undisturbed = spent_at(server)
    del server.asked[:]
    said = selftaught(*command, flag, limit).stderr.splitlines()[-1]
    for at_most in (more, 10**6):
        typed = re.search(r"`selftaught (resume r-\S+ --\S+ MORE)` with a larger limit goes on from there", said)[1]
        called = selftaught(*typed.replace("MORE", str(at_most)).split(), "--json")
        sent, got = spent_at(server)
        assert ((2 * sent + 10 * got) / 1e6 if flag == "--max-cost" else sent + got) <= at_most
        said = called.stderr.splitlines()[-1]
        if called.code == 0:
            break
    assert called.code == 0, called.stderr
    assert spent_at(server) == undisturbed
    document, expected = called.document, whole.document
    assert {**document["spending"], "seconds": 0} == {**expected["spending"], "seconds": 0}
    for part in ("rounds", "improver", "gain", "evaluations"):
        assert document[part] == expected[part]


def test_an_estimate_asks_the_model_nothing(selftaught, server, tmp_path):
    called = selftaught("run", "dispatch", *SMALL, *model_of(server), *PRICES, "--estimate", "--json")
    assert called.code == 0, called.stderr
    document = called.document
    assert server.posted() == []
    assert list(tmp_path.iterdir()) == []
    prices = [level["price_usd_per_million_tokens"] for level in document["levels"].values()]
    assert prices == [{"sent": 2.0, "received": 10.0}] * 2
    assert 0 < document["likely"]["cost_usd"] < document["at_most"]["cost_usd"]
    spent = selftaught("run", "dispatch", *SMALL, *model_of(server), *PRICES, "--json").document["spending"]
    for which in ("tokens_in", "tokens_out", "cost_usd"):
        assert spent[which] <= document["at_most"][which]


def test_without_a_price_money_is_unknown_and_cannot_be_bounded(selftaught, server):
    called = selftaught("improve", "dispatch", *model_of(server), "--budget-responses", "2")
    assert called.code == 0, called.stderr
    assert "400 tokens sent, 300 received, cost of 1 exchanges unknown" in called.stdout.replace("\n", " ")
    refused = selftaught("improve", "dispatch", *model_of(server), "--max-cost", "1", "--overwrite")
    assert (refused.code, refused.stderr.count("\n")) == (2, 1)
    assert "--price-in" in refused.stderr
    assert "No price is known" in selftaught("run", "dispatch", *model_of(server), "--estimate").stdout


def test_a_wait_is_told_while_it_lasts(selftaught, server):
    first_asked: list[float] = []

    def away_at_first(asked):
        if asked.method == "GET":
            return script(asked)
        first_asked.append(time.monotonic())
        return refusing(503) if first_asked[-1] - first_asked[0] < 8 else script(asked)

    server.script = away_at_first
    called = selftaught("improve", "dispatch", *model_of(server), "--budget-responses", "2")
    assert called.code == 0, called.stderr
    lines = called.stderr.splitlines()
    assert "has not answered since" in lines[0]
    assert lines[-1] == "it goes on"
    assert len(lines) == len(set(lines)) < 12
