"""The table of `docs/security.md` tells what happened in the runs, not what the programs' files promise."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from hostility.corpus import FOLDER, Program, read
from hostility.probes import Result
from hostility.runs import HONEST, LEFT
from hostility.table import CONTROL, UNDECLARED, UserRuns, markdown, surprises

ROOT = Path(__file__).resolve().parents[2]
LOOP, TALK = read(FOLDER / "resource" / "loop.py"), read(FOLDER / "network" / "tcp.py")
PROGRAMS = [LOOP, TALK]
GOOD = Result(reached=False, ending="ok", detail="")
IN_TIME = Result(reached=False, ending="timed_out", detail="CPU time")
STOPPED = Result(reached=False, ending="stopped", detail="None", violations=("socket",))
REACHED = Result(reached=True, ending="reached", detail="done")


def user_runs(user: str = "root", *, mode: str = "full", control: Result = REACHED, **changes: Result) -> UserRuns:
    """Runs in which all went well, but for changes."""
    ended = {LOOP.name: IN_TIME, TALK.name: STOPPED, HONEST: GOOD, LEFT: GOOD}
    names = {"loop": LOOP.name, "talk": TALK.name, "honest": HONEST, "left": LEFT}
    ended |= {names[name]: result for name, result in changes.items()}
    controls = {LOOP.name: REACHED, TALK.name: control}
    return UserRuns(user=user, machine="a machine", results={CONTROL: controls, mode: ended}, missing={})


def row_of(program: Program, *everyone: UserRuns) -> list[str]:
    text = markdown(PROGRAMS, list(everyone)).partition("All programs")[2]
    [line] = [line for line in text.splitlines() if line.startswith(f"| `{program.name}`")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_list_tells_how_programs_ended():
    assert row_of(LOOP, user_runs())[3:5] == ["timed_out", "-"]
    assert row_of(TALK, user_runs())[3:5] == ["stopped", "socket"]


def test_what_was_not_the_same_everywhere_is_told_apart():
    other = Result(reached=False, ending="stopped", detail="", violations=("file", "socket"))
    row = row_of(TALK, user_runs(), user_runs("tester", mode="sealed", talk=other))
    assert row[3:5] == ["stopped", "socket (full as root); file, socket (sealed as tester)"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"loop": Result(reached=False, ending="out_of_memory", detail="why")}, "out_of_memory, not as declared: why"),
        ({"loop": Result(reached=True, ending="reached", detail="it used 9 s")}, "reached, not as declared: it used"),
        ({"talk": Result(reached=False, ending="stopped", detail="")}, "on record is nothing, not as declared"),
        ({"control": Result(reached=False, ending="stopped", detail="refused")}, "it is a dud: refused"),
        ({"honest": Result(reached=True, ending="reached", detail="0.5")}, f"{HONEST}, full as root: 0.5"),
        ({"left": Result(reached=True, ending="reached", detail="processes [7]")}, f"{LEFT}, full as root: processes"),
    ],
    ids=str,
)
def test_whatever_is_not_as_declared_is_marked_and_ends_with_1(capsys, changes, says):
    everyone = [user_runs(**changes)]
    [line] = surprises(PROGRAMS, everyone)
    assert says in line
    assert benchmark().report(PROGRAMS, everyone, None) == 1
    printed = capsys.readouterr()
    assert line in printed.err
    if UNDECLARED in line:
        assert f"{UNDECLARED}**" in printed.out


def test_where_all_is_as_declared_nothing_is_marked_and_it_ends_with_0(capsys):
    assert surprises(PROGRAMS, [user_runs()]) == []
    assert benchmark().report(PROGRAMS, [user_runs()], None) == 0
    assert f"{UNDECLARED}**" not in capsys.readouterr().out


def test_what_this_kernel_does_not_have_is_no_dud():
    absent = Result(reached=False, ending="absent", detail="(-1, 38)")
    assert surprises(PROGRAMS, [user_runs(control=absent)]) == []


def benchmark() -> Any:
    spec = importlib.util.spec_from_file_location("hostile_programs", ROOT / "benchmarks" / "hostile_programs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
