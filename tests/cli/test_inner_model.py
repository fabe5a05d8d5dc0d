"""`run --inner-model`: both models are named and their notices shown wherever the results are."""

from __future__ import annotations

import pytest

SMALL = (
    "--rounds", "1", "--repeats", "1", "--gate-repeats", "1", "--test-repeats", "1", "--fresh-repeats", "2",
    "--budget-calls", "1", "--budget-responses", "2", "--budget-utility", "4", "--rng-seed", "0", "--workers", "2",
    "--meta-budget-calls", "1", "--meta-budget-responses", "2", "--meta-budget-utility", "3",
)  # fmt: skip
NOTICES = ("gp is not a language model", "gp-expressions is not a language model")
NAMES = "gp with gp-expressions inside"


def test_both_models_are_shown_wherever_the_results_are(selftaught, tmp_path):
    ran = selftaught("run", "dispatch", "--inner-model", "gp-expressions", *SMALL)
    assert ran.code == 0, ran.stderr
    [run] = selftaught("runs", "--json").document
    assert (run["model"], run["inner_model"]) == ("gp", "gp-expressions")
    shown = selftaught("show", run["run_id"])
    curves = selftaught("curves", run["run_id"])
    for call in (ran, shown, curves):
        assert all(call.stdout.count(notice) == 1 for notice in NOTICES)
        assert NAMES in call.stdout
    assert NAMES in selftaught("runs").stdout
    assert selftaught("show", run["run_id"], "--json").document["inner_model"] == "gp-expressions"
    plotted = selftaught("plot", run["run_id"], "--output", tmp_path / "run.svg")
    assert plotted.code == 0, plotted.stderr
    assert "gp-expressions (not a language model) inside" in (tmp_path / "run.svg").read_text(encoding="utf-8")


def test_a_series_has_the_inner_model_of_its_runs(selftaught):
    ran = selftaught("run", "dispatch", "--runs", "2", "--inner-model", "gp-expressions", *SMALL, "--json")
    assert ran.code == 0, ran.stderr
    series = ran.document
    assert (series["model"], series["inner_model"]) == ("gp", "gp-expressions")
    assert {run["inner_model"] for run in series["runs"]} == {"gp-expressions"}
    shown = selftaught("show", series["run_id"]).stdout
    assert NAMES in shown
    assert all(shown.count(notice) == 1 for notice in NOTICES)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("run", "dispatch", "--inner-model", "gq"), "there is no model 'gq'; did you mean gp"),
        (("run", "dispatch", "--runs", "2", "--inner-model", "mailbox:"), "needs a folder"),
        (("improve", "dispatch", "--inner-model", "gp"), "--inner-model"),
        (("transfer", "seed", "--tasks", "lpn", "--inner-model", "gp"), "--inner-model"),
    ],
)
def test_a_wrong_call_is_one_sentence_and_exit_code_2(selftaught, tmp_path, arguments, says):
    called = selftaught(*arguments)
    assert (called.code, called.stdout, called.stderr.count("\n")) == (2, "", 1)
    assert says in called.stderr
    assert list(tmp_path.iterdir()) == []
