"""Reading many programs in confined processes: every program is judged by nothing but itself."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import selftaught
import selftaught.analysis.static_findings as module
from selftaught.analysis.static_findings import KINDS, MAX_BATCH_PROGRAMS, Reading, StaticFinding, read_programs
from selftaught.errors import Outcome, SandboxError
from selftaught.sandbox import Limits, Sandbox, SandboxConfig
from selftaught.worker.reading import rules, static_findings

PROGRAMS = Path(__file__).parent.parent / "programs"
SOCKET = "import socket\n"
SOCKET_READ = Reading(findings=(StaticFinding(kind="network", detail="import socket", line=1, text="import socket"),))
LARGE = f"x = [{'a, ' * 80_000}]\n"
"""Takes some 2 s of CPU time and 180 MiB to read."""


@pytest.fixture
def read(run, sandbox):
    """`read(sources)`: what was read of each."""

    def read(sources, **more):
        return run(read_programs(sandbox, sources, **more))

    return read


def test_each_program_is_read_under_its_key_and_in_order(read):
    readings = read({"b": SOCKET, "a": "x = 1", "c": "Try harder."})
    assert readings == {
        "b": SOCKET_READ,
        "a": Reading(),
        "c": Reading(outcome=Outcome.INVALID_SOURCE, message="line 1: SyntaxError: invalid syntax"),
    }
    assert list(readings) == ["b", "a", "c"]


def test_no_programs_no_readings(read):
    assert read({}) == {}


def test_it_says_what_the_reading_in_this_process_says(read):
    sources = {path.stem: path.read_text() for path in (PROGRAMS / "static").glob("*.py")}
    readings = read(sources)
    assert len(sources) > MAX_BATCH_PROGRAMS
    for name, source in sources.items():
        found = [(each.kind, each.detail, each.line, each.text) for each in static_findings(source)]
        assert found == [(each.kind, each.detail, each.line, each.text) for each in readings[name].findings], name


def test_a_reading_does_not_depend_on_what_else_is_read(read):
    sources = {path.stem: path.read_text() for path in sorted((PROGRAMS / "static").glob("[n-p]*.py"))}
    assert len(sources) > 10
    together = read(sources)
    alone = {name: read({name: source})[name] for name, source in sources.items()}
    assert together == alone


@pytest.mark.parametrize(
    ("source", "message"),
    [("", "it is empty"), ("x = '\ud800'", "it is not valid Unicode"), ("x\x00", "it contains a null character")],
)
def test_what_no_program_can_be_is_unreadable(read, source, message):
    readings = read({"bad": source, "good": SOCKET})
    assert readings == {"bad": Reading(outcome=Outcome.INVALID_SOURCE, message=message), "good": SOCKET_READ}


def test_a_program_that_takes_too_long_to_read_takes_no_other_with_it(read):
    readings = read({"1": SOCKET, "bomb": LARGE, "2": SOCKET}, limits=Limits(cpu_seconds=0.3, threads=False))
    assert readings.pop("bomb") == Reading(
        outcome=Outcome.TIMED_OUT, message="while it was read: it used more than 0.3 s of CPU time"
    )
    assert readings == {"1": SOCKET_READ, "2": SOCKET_READ}


def test_a_program_that_takes_too_much_memory_to_read_takes_no_other_with_it(read):
    limits = Limits(cpu_seconds=10.0, memory_bytes=48 * 1024 * 1024, threads=False)
    readings = read({"1": SOCKET, "bomb": LARGE, "2": SOCKET}, limits=limits)
    assert readings.pop("bomb") == Reading(
        outcome=Outcome.OUT_OF_MEMORY, message="it is too large, or nested too deeply, for Python's parser"
    )
    assert readings == {"1": SOCKET_READ, "2": SOCKET_READ}


def test_programs_are_not_blamed_for_those_before_them(read):
    """Each takes some 0.1 s to read, so one process has not enough time for all of them, and nearly none for two."""
    slow = f"x = [{'a, ' * 4_000}]\n"
    sources = {str(number): f"{slow}y = {number}" for number in range(30)}
    readings = read(sources, limits=Limits(cpu_seconds=0.4, threads=False))
    assert set(readings.values()) == {Reading()}


DEEP = {
    "parentheses": "(" * 10_000,
    "operators": "x = " + "-" * 100_000 + "1",
    "attributes": "x = a" + ".b" * 100_000,
    "sum": "x = " + "1 + " * 60_000 + "1",
    "conditions": "x = " + "a if b else " * 20_000 + "c",
    "lambdas": "x = " + "lambda: " * 30_000 + "1",
    "branches": "if a: pass\n" + "elif a: pass\n" * 20_000,
    "subscripts": "x = a" + "[0]" * 80_000,
}


def test_what_is_nested_too_deeply_is_unreadable_with_a_reason(read):
    readings = read({**DEEP, "good": SOCKET})
    assert readings.pop("good") == SOCKET_READ
    for name, reading in readings.items():
        assert reading.outcome in (Outcome.INVALID_SOURCE, Outcome.OUT_OF_MEMORY, Outcome.EXITED), name
        assert reading.message, name


def test_where_no_process_can_be_started_it_stops(run):
    async def read_after_the_end():
        sandbox = await Sandbox.start(SandboxConfig(workers=1, self_test=False))
        await sandbox.close()
        await read_programs(sandbox, {"a": SOCKET})

    with pytest.raises(SandboxError):
        run(read_after_the_end())


# ---------------------------------------------------------------- what comes back is not trusted


def finding(**changes):
    return {"kind": "network", "detail": "d", "line": 1, "text": "t", **changes}


LIES = {
    "another index": {"type": "reading", "index": 1, "findings": [], "omitted": 0},
    "another type": {"type": "scores", "scores": [1.0], "rejected": None},
    "no message": [1, 2, 3],
    "one field more": {"type": "reading", "index": 0, "findings": [], "omitted": 0, "value": 1.0},
    "less than none": {"type": "reading", "index": 0, "findings": [], "omitted": -1},
    "a kind that is none": {"type": "reading", "index": 0, "findings": [finding(kind="harmless")], "omitted": 0},
    "a long text": {"type": "reading", "index": 0, "findings": [finding(text="x" * 201)], "omitted": 0},
    "a long detail": {"type": "reading", "index": 0, "findings": [finding(detail="x" * 201)], "omitted": 0},
    "line nought": {"type": "reading", "index": 0, "findings": [finding(line=0)], "omitted": 0},
    "too many": {"type": "reading", "index": 0, "findings": [finding()] * 51, "omitted": 0},
    "a long reason": {"type": "unreadable", "index": 0, "why": "x" * 201},
}


@pytest.mark.parametrize("name", LIES)
def test_a_reader_that_lies_makes_its_program_unreadable(name):
    with pytest.raises(module._ReaderFailed) as raised:
        module._reading(LIES[name], 0)
    assert raised.value.reading.outcome is Outcome.PROTOCOL_VIOLATION
    assert raised.value.reading.findings == ()


def test_what_a_reader_sends_cannot_forge_a_line():
    message = {"type": "reading", "index": 0, "findings": [finding(detail="a\nb", text="c\u2028d")], "omitted": 0}
    [found] = module._reading(message, 0).findings
    assert (found.detail, found.text) == ("a b", "c d")


# ---------------------------------------------------------------- the table


def test_every_kind_that_a_reading_can_name_is_in_the_table_and_shown_by_a_program():
    named = {*rules.QUALIFIED.values(), *rules.ATTRIBUTES.values(), *rules.NAMES.values()} - {rules.NOTHING}
    assert named < set(KINDS)
    shown = {found.kind for path in (PROGRAMS / "static").glob("*.py") for found in static_findings(path.read_text())}
    assert shown == set(KINDS)


SRC = Path(selftaught.__file__).parent
READS_CODE_OF_THE_PERSON = {SRC / "function_source.py"}
"""It cuts functions out of the person's own program, which runs here anyway."""


def test_the_trusted_side_never_parses_or_compiles():
    isolated = ("worker", "tasks", "improvers")
    modules = [path for path in SRC.rglob("*.py") if path.relative_to(SRC).parts[0] not in isolated]
    assert len(modules) > 50
    for path in set(modules) - READS_CODE_OF_THE_PERSON:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
            assert not {"ast", "symtable", "tokenize", "pickle", "marshal"} & set(names), path
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("compile", "exec", "eval"), path
