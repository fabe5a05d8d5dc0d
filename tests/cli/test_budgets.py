"""Limits, ledger and estimate, as a person meets them."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from selftaught.analysis.run_ledger import Entry, Figures
from selftaught.budget import Usage
from selftaught.cli.estimate import print_estimate
from selftaught.cli.ledger import print_ledgers
from selftaught.cli.live import shown, told_of_waits
from selftaught.cli.output import cost, short, spent_sentence
from selftaught.ledger import Ledger, RunBudget, Spending, spending_document
from selftaught.progress import Progress

SMALL = (
    "--rounds", "1", "--repeats", "1", "--gate-repeats", "2", "--test-repeats", "2", "--fresh-repeats", "3",
    "--budget-calls", "2", "--budget-responses", "3", "--budget-utility", "8",
    "--meta-budget-calls", "1", "--meta-budget-responses", "3", "--meta-budget-utility", "4",
)  # fmt: skip
COLUMNS = 80
SPENT = Spending(tokens_in=123_456, tokens_out=7_890, tokens_cached=10, tokens_reasoning=20, cost_usd=1.234567)


def widest(text):
    return max(map(len, text.splitlines()))


def test_a_run_whose_time_is_over_says_so_in_a_sentence_and_is_recorded(selftaught):
    called = selftaught("run", "dispatch", "--max-seconds", "4", "--rng-seed", "0")
    assert called.code == 1
    said = called.stderr.splitlines()[-1]
    assert said.startswith(
        "selftaught: the run may take 4 s (--max-seconds), and its time is over; what it did is stored"
    )
    [run] = selftaught("runs", "--json").document
    assert (run["status"], run["message"]) == ("interrupted", said.removeprefix("selftaught: "))
    assert "interrupted" in selftaught("show", run["run_id"]).stdout
    shown = selftaught("show", run["run_id"], "--ledger", "--json").document
    assert shown["ledger"]["improvements"] > 0
    assert selftaught("improve", "dispatch", "--max-seconds", "0.01").code == 1


def test_the_command_that_goes_on_names_the_store_that_the_run_is_in(selftaught, tmp_path):
    elsewhere = ("--store", "my runs.db")
    ended = selftaught("run", "dispatch", "--rounds", "9", "--max-seconds", "2", *elsewhere)
    [run] = selftaught("runs", *elsewhere, "--json").document
    command = f"selftaught resume {run['run_id']} --store '{tmp_path / 'my runs.db'}' --max-seconds MORE"
    assert f"`{command}` with a larger limit goes on from there" in ended.stderr.splitlines()[-1]
    usual = {"SELFTAUGHT_STORE": "my runs.db"}
    same = selftaught("resume", run["run_id"], variables=usual)
    assert f"`selftaught resume {run['run_id']} --max-seconds MORE` with a larger limit" in same.stderr


def test_with_more_time_a_run_goes_on_and_without_it_does_not(selftaught):
    longer = ["60" if flag == "--fresh-repeats" else word for flag, word in zip(("", *SMALL), SMALL, strict=False)]
    first = selftaught("run", "dispatch", *longer, "--max-seconds", "1.5", "--rng-seed", "0")
    said = first.stderr.splitlines()[-1]
    [run] = selftaught("runs", "--json").document
    assert f"`selftaught resume {run['run_id']} --max-seconds MORE` with a larger limit goes on from there" in said
    same = selftaught("resume", run["run_id"])
    assert (same.code, same.stderr.splitlines()[-1]) == (1, said), "its time is over, in all of its lives together"
    ended = selftaught("resume", run["run_id"], "--max-seconds", "600", "--json")
    assert ended.code == 0, ended.stderr
    assert ended.document["run_id"] == run["run_id"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--max-seconds", "0"), "--max-seconds"),
        (("--max-cost", "-1"), "--max-cost"),
        (("--max-cost", "nan"), "--max-cost"),
        (("--max-tokens", "0"), "--max-tokens"),
    ],
)
def test_a_limit_that_is_none_is_refused(selftaught, tmp_path, arguments, says):
    called = selftaught("run", "dispatch", *arguments)
    assert (called.code, called.stderr.count("\n")) == (2, 1)
    assert says in called.stderr
    assert not (tmp_path / "selftaught.db").exists()


def test_the_ledger_of_a_run_is_shown_part_by_part(selftaught):
    document = selftaught("run", "dispatch", *SMALL, "--rng-seed", "0", "--max-cost", "0", "--json").document
    run_id = document["run_id"]
    assert document["spending"] == spending_document(Spending())
    text = selftaught("show", run_id, "--ledger").stdout
    assert widest(text) <= COLUMNS
    assert [name for name in ("round-0", "round-1", "itself", "search", "gate", "test", "fresh") if name in text]
    assert f"{document['budget']['calls']:,} " in next(line for line in text.splitlines() if line.startswith(run_id))
    assert "repeat-0" not in text
    assert "dispatch/repeat-0" in selftaught("show", run_id, "--ledger", "--level", "repeat").stdout
    assert "call 1" in selftaught("show", run_id, "--ledger", "--level", "call").stdout
    assert "search" not in selftaught("show", run_id, "--ledger", "--level", "round").stdout.partition("uses:")[0]
    shown = selftaught("show", run_id, "--ledger", "--json").document
    assert (shown["run_id"], shown["ledger"]["calls"]) == (run_id, document["budget"]["calls"])
    assert shown["models"]["gp"]["samples"] == document["budget"]["responses"]
    refused = selftaught("show", run_id, "--ledger", "--level", "rounds")
    assert (refused.code, refused.stderr.count("\n")) == (2, 1)


def test_the_ledger_of_a_bypass_study_has_what_the_generated_improvers_used_too(selftaught):
    document = selftaught("audit", "--bypass", "3", "--rng-seed", "0", "--json").document
    ledger = selftaught("show", document["run_id"], "--ledger", "--json").document["ledger"]
    used = document["downstream"]["used"]
    assert ledger["calls"] == document["budget"]["calls"] + used["calls"]
    assert ledger["samples"] == document["budget"]["responses"] + used["responses"]


def test_the_ledger_of_a_series_is_that_of_each_run(selftaught):
    few = ("--rounds", "0", "--gate-repeats", "1", "--test-repeats", "1", "--fresh-repeats", "1", "--rng-seed", "0")
    document = selftaught("run", "dispatch", *few, *SMALL[10:16], "--runs", "2", "--json").document
    shown = selftaught("show", document["run_id"], "--ledger", "--json").document
    assert [run["run_id"] for run in shown["runs"]] == [run["run_id"] for run in document["runs"]]
    assert [run["ledger"]["calls"] for run in shown["runs"]] == [run["budget"]["calls"] for run in document["runs"]]
    text = selftaught("show", document["run_id"], "--ledger").stdout
    assert all(run["run_id"] in text for run in document["runs"])


def test_an_estimate_spends_nothing_and_makes_no_store(selftaught, tmp_path):
    called = selftaught("run", "dispatch", *SMALL, "--estimate")
    assert called.code == 0, called.stderr
    assert widest(called.stdout) <= COLUMNS
    assert "nothing is spent yet" in called.stdout
    assert "gp is not a language model" in called.stdout
    document = selftaught("run", "dispatch", *SMALL, "--estimate", "--runs", "2", "--json").document
    assert [phase["phase"] for phase in document["phases"]] == ["itself", "search", "gate", "test", "fresh"]
    assert document["at_most"]["improvements"] == 2 * (1 + 4 + 6 + 4 + 9)
    assert list(tmp_path.iterdir()) == []
    missing = selftaught("run", "dispatch", "--estimate", "--improver", "r-1:0")
    assert (missing.code, missing.stderr.count("\n")) == (2, 1)
    assert list(tmp_path.iterdir()) == []


def test_an_estimate_needs_no_key_no_address_and_no_server(selftaught, tmp_path):
    unset = dict.fromkeys(("OPENAI_API_KEY", "OPENAI_BASE_URL", "AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_API_KEY"), "")
    models = ("--model", "openai:gpt-5", "--inner-model", "azure:mine")
    called = selftaught("run", "dispatch", *SMALL, *models, "--estimate", variables=unset)
    assert called.code == 0, called.stderr
    assert called.stderr == ""
    assert widest(called.stdout) <= COLUMNS
    text = " ".join(called.stdout.split())
    for told in (
        "openai:gpt-5: 1.25 USD a million tokens sent, 10 USD received.",
        "openai:gpt-5 was not asked: whether it can be had is known when a run begins.",
        "A run cannot begin yet: openai: needs a key of OpenAI: set OPENAI_API_KEY in the environment.",
        "azure:mine was not asked",
        "A run cannot begin yet: azure: no address: set AZURE_OPENAI_ENDPOINT in the environment.",
    ):
        assert told in text
    server = ("--model", "http://127.0.0.1:9/v1#m", "--price-in", "1", "--price-out", "2")
    levels = selftaught("run", "dispatch", *SMALL, *server, "--estimate", "--json", variables=unset).document["levels"]
    assert [(level["is_unasked"], level["missing"]) for level in levels.values()] == [(True, None)] * 2
    assert levels["inner"]["at_most"]["cost_usd"] > 0
    unbounded = selftaught("run", "dispatch", *SMALL, *server[:2], "--max-cost", "1", "--estimate", variables=unset)
    told = "A run cannot begin yet: no price is known for http://127.0.0.1:9/v1#m, so --max-cost cannot hold; give"
    assert told in " ".join(unbounded.stdout.split())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("model", ["openia:gpt-5", "openai:", "http://127.0.0.1:x/v1#m"])
def test_an_estimate_takes_no_name_that_a_run_does_not_take(selftaught, model):
    estimated, ran = (selftaught("run", "dispatch", "--model", model, *more) for more in (("--estimate",), ()))
    assert (estimated.code, estimated.stderr) == (ran.code, ran.stderr)
    assert estimated.code == 2


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (99_999, "99,999"),
        (100_000, "100k"),
        (1_234_567, "1,235k"),
        (9_999_500, "10.0M"),
        (123_456_789, "123.5M"),
    ],
)
def test_a_long_number_is_shortened(number, text):
    assert short(number) == text


def test_what_was_spent_is_said_where_anything_was():
    assert spent_sentence({"spending": spending_document(Spending())}) == ""
    assert spent_sentence({}) == ""
    assert spent_sentence({"spending": spending_document(SPENT)}) == "123,456 tokens sent, 7,890 received, 1.23 USD"
    known = spent_sentence({"spending": spending_document(Spending(), samples_known=7)})
    assert known == "0 tokens sent, 0 received, 0.00 USD (7 samples were known already)"


def test_an_unknown_cost_is_never_nothing():
    unknown = spending_document(Spending(tokens_in=1, n_unpriced=2))
    assert cost(unknown) == "cost of 2 exchanges unknown"
    partly = spending_document(Spending(tokens_in=1, n_unpriced=2, cost_usd=0.5))
    assert cost(partly) == "cost of 2 exchanges unknown, beside 0.5000 USD"


@pytest.mark.parametrize("unpriced", [0, 3])
def test_a_ledger_of_what_costs_fits_the_screen(capsys, unpriced):
    spent = Spending(**{**SPENT.__dict__, "tokens_in": 2**40, "n_unpriced": unpriced, "n_miscounted": 2})
    figures = Figures(calls=10**6, samples=10**7, samples_known=5, uses=10**7, spending=spent, is_counted=True)
    call = Entry(level="call", name="call 1", figures=figures)
    entry = Entry(level="run", name="r-20261128-044315-f79c", figures=figures, parts=(call,))
    models = {"a model with a name that is longer than its column is": figures, "other": figures}
    print_ledgers([(entry, models)], "call")
    text = capsys.readouterr().out
    assert widest(text) <= COLUMNS
    assert ("unknown" in text) == ("  1.2346 " not in text) == bool(unpriced)
    assert "  by a model with a name tha…" in text
    for told in ("5 of the samples were known", "10 of the tokens sent", "20 of the tokens received", "2 exchanges"):
        assert told in text


def test_an_estimate_of_what_costs_fits_the_screen(capsys):
    amounts = {"improvements": 10**6, "calls": 10**7, "samples": 10**8, "uses": 1, "tokens_in": 10**11}
    amounts |= {"tokens_out": 10**11, "cost_usd": 1234567.891}
    both = {"likely": amounts, "at_most": amounts}
    level = {"model": "m", "counts_tokens": True, "is_unasked": False, "missing": None, **both}
    level["price_usd_per_million_tokens"] = {"sent": 1.25, "received": 10.0}
    budget = {"calls": 100_000, "responses": 100_000, "utility_calls": 100_000}
    document = {
        "task": "dispatch", "model": "m", "is_language_model": True, "runs": 3, "rounds": 1000, "improver": "seed",
        "improvement_budget": budget, "meta_budget": budget, "longest_prompt_tokens": 1_000_000,
        "phases": [{"phase": "search", "level": "inner", "rounds": 3000, **both}], "levels": {"inner": level}, **both,
        "stops_at": {"cost_usd": 2.5, "tokens": 10**9, "seconds": 3600.0}, "rehearsal_failed": None,
    }  # fmt: skip
    print_estimate(document)
    text = capsys.readouterr().out
    assert widest(text) <= COLUMNS
    for told in ("1,234,568", "1.25 USD", "more than 2.50 USD (--max-cost)", "1,000,000,000 tokens", "3,600 s"):
        assert told in text
    level["price_usd_per_million_tokens"] = None
    print_estimate({**document, "rehearsal_failed": "raised: \x1b[31m"})
    text = capsys.readouterr().out
    assert "No price is known for m; give --price-in and --price-out." in text
    assert "\x1b" not in text


# ---------------------------------------------------------------- while it runs


def panel_of(progress):
    """What stands on a terminal at the end."""
    console = Console(file=io.StringIO(), force_terminal=True, width=COLUMNS, color_system=None)
    with shown(progress, console, "dispatch"):
        progress.wait("priced (http://here) has not answered since 10:00:00; waiting until 11:00:00 at the most")
    return console.file.getvalue()


def test_the_panel_shows_what_was_spent_of_the_limits_and_what_is_waited_for():
    budget = RunBudget(cost_usd=5.0, tokens=200_000, seconds=600.0)
    progress = Progress(usage=Usage(calls=3), ledger=Ledger(budget, spent=SPENT), spent_before=Spending(tokens_in=3456))
    text = " ".join(panel_of(progress).split())
    assert "spent 127,890 of 200,000 tokens, 1.23 USD of 5.00 USD" in text
    assert "of 600 s" in text
    assert "waiting priced (http://here) has not answered since 10:00:00" in text
    assert "spent" not in panel_of(Progress())


def test_elsewhere_a_wait_is_a_line_for_each_change():
    for make in (lambda console, progress: shown(progress, console, "x"), lambda console, progress: None):
        console = Console(file=io.StringIO(), width=COLUMNS)
        progress = Progress()
        context = make(console, progress)
        if context is None:
            progress = told_of_waits(console)
        else:
            context.__enter__()
        for sentence in ("nobody answers \x1b", "nobody answers \x1b", None, None):
            progress.wait(sentence)
        assert console.file.getvalue() == "nobody answers \\x1b\nit goes on\n"
