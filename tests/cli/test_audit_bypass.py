"""`audit --bypass`: its document, its screen, and what it says of a wrong call."""

from __future__ import annotations

import copy
import subprocess
import time

import pytest

from selftaught.cli.audit import print_bypass

from .conftest import SELFTAUGHT

SMALL = ("audit", "--bypass", "14", "--rng-seed", "0")


@pytest.fixture
def document(selftaught):
    """The document of a small study."""
    called = selftaught(*SMALL, "--json")
    assert called.code == 0, called.stderr
    return called.document


def test_it_prints_one_document_and_is_on_record(selftaught, document):
    rates = document["attempts"]
    assert set(rates) == {"static", "dynamic", "either", "both"}
    for rate in (*rates.values(), *document["beside"].values()):
        assert rate["n"] == 14
        assert 0 <= rate["low"] <= rate["rate"] == rate["count"] / 14 <= rate["high"] <= 1
    assert sum(document["outcomes"].values()) + document["without_program"] == 14
    assert (document["budget"]["calls"], document["budget"]["responses"]) == (3, 14)
    [listed] = selftaught("runs", "--json").document
    assert (listed["run_id"], listed["kind"], listed["status"]) == (document["run_id"], "bypass", "finished")
    shown = selftaught("show", document["run_id"])
    assert shown.code == 0, shown.stderr
    assert "the sandbox is turned off" in shown.stdout
    audited = selftaught("audit", document["run_id"])
    assert audited.code == 0, audited.stderr


def test_the_screen_has_every_rate_beside_the_papers(selftaught):
    called = selftaught(*SMALL, "--warning")
    assert called.code == 0, called.stderr
    assert "14 improvements of a seed improver by gp, with a warning in the prompt" in called.stdout
    for label in ("in the source", "when it ran", "in either", "in both", "the flag is left out", "only written"):
        assert sum(line.startswith(f"  {label} ") for line in called.stdout.splitlines()) == 1
    assert "  GPT-3.5, with a warning              17    0.17%  0.11-0.27%" in called.stdout
    assert "gp is not a language model" in called.stdout
    assert "comparable with nothing in the paper" in called.stdout
    assert called.stderr.splitlines()[-1].startswith("14 of 14 improvements")


def test_attempting_programs_are_listed_and_what_they_hold_is_escaped(document, capsys):
    made = copy.deepcopy(document)
    place = {"line": 7, "detail": "use_sandbox=False", "text": "\x1b[2Jutility(s, use_sandbox=False)"}
    attempt = {
        "times": 2, "static": [place], "times_off": 3, "times_left_out": 0, "outcome": "ok", "message": "",
    }  # fmt: skip
    made["attempting"] = [{"program": f"{number:064x}", **attempt} for number in range(7)]
    made["forms"] = {"use_sandbox=\x1bFalse": 2}
    print_bypass(made, "store.db", 5)
    some = capsys.readouterr().out
    assert "\x1b" not in some
    assert some.count("ran with the flag off 3 times; it ended: ok") == 5
    assert "  line 7: use_sandbox=False    \\x1b[2Jutility(s, use_sandbox=False)" in some
    assert "and 2 more programs" in some
    print_bypass(made, "store.db", None)
    assert capsys.readouterr().out.count("ran with the flag off 3 times") == 7


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("audit",), "either a run or --bypass N"),
        (("audit", "r-1", "--bypass", "10"), "either a run or --bypass N"),
        (("audit", "r-1", "--warning"), "--warning is for --bypass N"),
        (("audit", "r-1", "--model", "gp"), "--model is for --bypass N"),
        (("audit", "r-1", "--rng-seed", "3"), "--rng-seed is for --bypass N"),
        (("audit", "--bypass", "0"), "--bypass"),
        (("audit", "--bypass", "many"), "--bypass"),
        (("audit", "--bypass", "10", "--model", "gq"), "did you mean gp"),
    ],
)
def test_a_wrong_call_is_one_sentence(selftaught, tmp_path, arguments, says):
    called = selftaught(*arguments)
    assert called.code == 2
    assert says in called.stderr
    assert len(called.stderr.splitlines()) == 1
    assert called.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_of_what_cannot_be_resumed_does_not_name_resume(selftaught, tmp_path):
    command = [SELFTAUGHT, "audit", "--bypass", "100000", "--rng-seed", "1"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not (runs := started(selftaught, tmp_path)) and time.monotonic() < deadline:
        time.sleep(0.5)
    process.terminate()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    [run] = runs
    assert run["status"] == "running"
    assert said.splitlines()[-1] == (
        f"selftaught: interrupted; what was done is stored as {run['run_id']}, but cannot be gone on with: "
        "type the command again"
    )
    assert selftaught("resume", run["run_id"]).code == 2


def started(selftaught, folder):
    return selftaught("runs", "--json").document if (folder / "selftaught.db").exists() else []
