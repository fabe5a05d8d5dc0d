"""Strategies as a person is shown them: of an improver, round by round of a run, and on the command line."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

import selftaught.analysis.static_findings as static_findings
from selftaught.analysis.static_findings import KINDS, STATIC_FINDINGS, Reading, StaticFinding, read_programs
from selftaught.analysis.strategies import (
    STRATEGIES,
    SUBJECT,
    WIDTH,
    improver_strategies,
    make_run_strategies,
    strategies_of,
    strategies_of_run,
)
from selftaught.errors import Outcome
from selftaught.improver import bundled_improver, bundled_improver_names
from selftaught.store import ImprovementRecord, RoundRecord, RunStart, Store
from selftaught.worker.reading import strategy_findings

VARIANTS = Path(__file__).parent.parent / "programs" / "strategies"
SELFTAUGHT = Path(sys.executable).with_name("selftaught")
RUN = "r-20261121-052233-ab12"
START = datetime(2026, 11, 21, 5, 22, 33, tzinfo=UTC)
SEED, GREEDY = bundled_improver("seed"), bundled_improver("greedy")
COLOURED = GREEDY.replace("best_value:\n", "best_value:  # \x1b[31mred\n")


def finding(kind, line=1, text="t"):
    return StaticFinding(kind=kind, detail="d", line=line, text=text)


def reading(*kinds):
    return Reading(findings=tuple(finding(kind, line) for line, kind in enumerate(kinds, start=1)))


def made(number, improver, candidate=None, parent=None, accepted=True):
    return RoundRecord(
        run_id=RUN, round=number, improver=improver, candidate=candidate, parent=parent, accepted=accepted
    )


# ---------------------------------------------------------------- the reading, isolated


def test_it_says_what_the_reading_in_this_process_says(run, sandbox):
    sources = {path.stem: path.read_text() for path in VARIANTS.glob("*.py")}
    sources |= {name: bundled_improver(name) for name in bundled_improver_names()}
    readings = run(read_programs(sandbox, sources, subject=SUBJECT))
    for name, source in sources.items():
        assert readings[name].outcome is Outcome.OK
        found = [(one.kind, one.detail, one.line, one.text) for one in strategy_findings(source)]
        assert found == [(one.kind, one.detail, one.line, one.text) for one in readings[name].findings], name


HEAD = "def improve_algorithm(s, u, lm):\n"
HOSTILE = {
    "parentheses": "(" * 10_000,
    "attributes": "x = a" + ".b" * 100_000,
    "conditions": "x = " + "a if b else " * 20_000 + "c",
    "calls": HEAD + " s = lm.prompt('a', s)[0]\n" * 9500,
    "values": HEAD + "".join(f" a{n} = u(lm.prompt('a', s)[0])\n" for n in range(5500)),
    "dictionary": f"{HEAD} return lm.prompt('a', str({{{','.join(f'{n}: s' for n in range(24_000))}}}))\n",
    "lists": f"{HEAD} a = []\n" + " a.append([s, a, [u(s)]])\n" * 9000,
    "loops": HEAD + "".join(" " * (n + 1) + "for x in s:\n" for n in range(18)) + " " * 20 + "s = lm.prompt('', s)\n",
}


def test_what_is_hostile_is_answered_or_unreadable_and_takes_no_other_with_it(run, sandbox):
    assert all(len(source) <= 256 * 1024 for source in HOSTILE.values())
    readings = run(read_programs(sandbox, {**HOSTILE, "good": GREEDY}, subject=SUBJECT))
    assert {found.kind for found in readings.pop("good").findings} == {"iteration", "budget_awareness"}
    for name, read in readings.items():
        assert read.outcome is Outcome.OK or read.message, name
    assert {readings[name].outcome for name in ("calls", "loops")} == {Outcome.OK}


def test_what_is_no_python_is_unreadable(run, sandbox):
    found = run(strategies_of("Try harder.", sandbox))
    assert found.outcome is Outcome.INVALID_SOURCE
    assert found.strategies == {}
    assert list(found.lines()) == ["It could not be read: invalid_source: line 1: SyntaxError: invalid syntax"]


@pytest.mark.parametrize(("subject", "kind"), [(SUBJECT, "network"), (STATIC_FINDINGS, "genetic")])
def test_a_kind_of_the_other_subject_is_refused(subject, kind):
    message = {
        "type": "reading",
        "index": 0,
        "findings": [{"kind": kind, "detail": "d", "line": 1, "text": "t"}],
        "omitted": 0,
    }
    with pytest.raises(static_findings._ReaderFailed):
        static_findings._reading(message, 0, subject)


def test_no_kind_is_of_both_subjects():
    assert set(STRATEGIES).isdisjoint(KINDS)


# ---------------------------------------------------------------- an improver


def test_strategies_come_in_the_order_of_the_table_with_their_lines():
    found = improver_strategies("ab", reading("caching", "iteration", "caching"))
    assert list(found.strategies) == ["iteration", "caching"]
    assert [place.line for place in found.strategies["caching"]] == [1, 3]


def test_no_strategy_is_said_to_be_none():
    assert list(improver_strategies("ab", Reading()).lines()) == ["No strategy was found."]


def test_lines_fit_on_a_screen_and_cannot_be_forged():
    long = Reading(findings=(finding("genetic", 7, "x = 1\nround 1\r\u2028" + "y" * 150),), omitted=3)
    for line in improver_strategies("ab", long).lines():
        assert len(line) <= WIDTH
        assert len(line.splitlines()) == 1


# ---------------------------------------------------------------- a run


def make(*rounds, **readings):
    return make_run_strategies(RUN, rounds, readings, isolation="full")


def test_a_round_tells_what_is_new_against_its_parent():
    found = make(
        made(0, "a"),
        made(1, "b", "b", "a"),
        made(2, "b", "c", "b", accepted=False),
        made(3, "b", None, "b", accepted=False),
        a=reading("best_of_n"),
        b=reading("iteration", "genetic"),
        c=reading("iteration", "bandit"),
    )
    assert [one.new for one in found.rounds] == [(), ("iteration", "genetic"), ("bandit",), ()]
    assert [one.lost for one in found.rounds] == [(), ("best_of_n",), ("genetic",), ()]
    text = "\n".join(found.lines())
    assert "round 2  b  iteration, genetic\n         proposed c, rejected: iteration, bandit" in text
    assert "         new against its parent: bandit" in text
    assert "         no proposal" in text


def test_over_a_run_every_improver_counts_once():
    found = make(made(0, "a"), a=reading("iteration", "iteration"), b=reading("iteration"), c=reading("caching"))
    assert (found.n_programs, found.used_by["iteration"], found.used_by["caching"]) == (3, 2, 1)
    assert list(found.used_by) == list(STRATEGIES)
    assert "     2   67%  iteration" in list(found.lines())


def test_of_what_could_not_be_read_nothing_is_said_to_be_new():
    unread = Reading(outcome=Outcome.INVALID_SOURCE, message="why")
    found = make(made(0, "a"), made(1, "a", "b", "a", accepted=False), a=reading("iteration"), b=unread)
    assert (found.rounds[1].new, found.rounds[1].lost) == ((), ())
    assert (found.n_programs, found.n_unreadable) == (2, 1)
    assert "could not be read" in "\n".join(found.lines())


def test_a_run_of_nothing_has_a_document():
    document = make().document()
    assert (document["programs"], document["rounds"]) == (0, [])


def test_of_a_run_without_rounds_nothing_is_said_of_rounds():
    lines = list(make(a=reading("iteration")).lines())
    assert "round" not in "\n".join(lines)
    assert "     1  100%  iteration" in lines
    assert all(before or after for before, after in itertools.pairwise(lines)), "no empty block"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A store with a run of two rounds: what was proposed, what was tried on the way, and what was only compared."""
    path = tmp_path_factory.mktemp("store") / "runs.db"
    with Store.open(path, clock=lambda: START) as store:
        store.start_run(RunStart(run_id=RUN, config={}, isolation="full"))
        seed, greedy, tried, compared = (
            store.add_program(source, "improver")
            for source in (SEED, COLOURED, bundled_improver("genetic"), bundled_improver("bandit"))
        )
        solution = store.add_program("def f(): pass\n", "solution")
        store.add_round(made(0, seed))
        store.add_round(made(1, greedy, greedy, seed))
        for number, (improver, path_in_run) in enumerate(
            [(seed, "round-1"), (tried, "round-1/use-2/dispatch"), (compared, "fresh/dispatch/repeat-1")]
        ):
            store.start_improvement(
                ImprovementRecord(
                    id=str(number),
                    run_id=RUN,
                    path=path_in_run,
                    improver=improver,
                    task="dispatch",
                    split="validation",
                    initial=solution,
                )
            )
        store.flush()
    return path


def test_a_recorded_run_counts_what_was_proposed_or_tried_and_not_what_was_only_compared(run, sandbox, recorded):
    with Store.open(recorded, read_only=True, clock=lambda: START) as store:
        found = run(strategies_of_run(RUN[:10], store, sandbox))
    assert found.n_programs == 3
    assert found.used_by["genetic"] == found.used_by["best_of_n"] == 1
    assert found.used_by["iteration"] == 2
    assert found.used_by["bandit"] == 0
    assert found.rounds[1].new == ("iteration", "budget_awareness")
    document = found.document()
    assert json.loads(json.dumps(document, allow_nan=False)) == document


# ---------------------------------------------------------------- the command line


def call(*arguments, folder):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SELFTAUGHT_")}
    command = [str(SELFTAUGHT), "strategies", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_command_shows_an_improver(tmp_path):
    shown = call("genetic", folder=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert "genetic: parents are drawn from a population" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80
    document = json.loads(call("genetic", "--json", folder=tmp_path).stdout)
    assert {one["strategy"] for one in document["strategies"]} >= {"genetic", "population", "iteration"}
    assert list(tmp_path.iterdir()) == []


def test_the_command_shows_a_round_and_a_run_escaped(recorded, tmp_path):
    for what in (f"{RUN}:1", RUN[:12]):
        shown = call(what, "--store", recorded, folder=tmp_path)
        assert shown.returncode == 0, shown.stderr
        assert "iteration" in shown.stdout
        assert "\x1b" not in shown.stdout
        assert "UNSANDBOXED" not in shown.stdout
    document = json.loads(call(RUN, "--store", recorded, "--json", folder=tmp_path).stdout)
    assert (document["programs"], document["isolation"]) == (3, "full")


def test_of_a_run_without_isolation_the_command_says_so(tmp_path):
    with Store.open(tmp_path / "runs.db", clock=lambda: START) as store:
        store.start_run(RunStart(run_id=RUN, config={}, isolation="unsandboxed"))
        store.add_round(made(0, store.add_program(SEED, "improver")))
    for what in (RUN, f"{RUN}:0"):
        shown = call(what, "--store", tmp_path / "runs.db", folder=tmp_path)
        assert shown.returncode == 0, shown.stderr
        assert "UNSANDBOXED: programs ran with your rights" in shown.stdout
        told = call(what, "--store", tmp_path / "runs.db", "--json", folder=tmp_path)
        assert json.loads(told.stdout)["isolation"] == "unsandboxed"


def test_the_command_says_what_is_wrong(recorded, tmp_path):
    (tmp_path / "prose.py").write_text("Try harder.")
    unread = call(tmp_path / "prose.py", folder=tmp_path)
    assert (unread.returncode, "could not be read" in unread.stdout) == (1, True)
    for what in ("no_such_improver", "r-none"):
        wrong = call(what, "--store", recorded, folder=tmp_path)
        assert wrong.returncode == 2
        assert len(wrong.stderr.splitlines()) == 1
