"""What a static reading finds: measured on labelled programs, and how it is bounded. No program is run."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from selftaught.worker.messages import MAX_FINDING_CHARACTERS, MAX_FINDINGS
from selftaught.worker.reading import NotReadable, kept, static_findings

TESTS = Path(__file__).parent.parent
PROGRAMS = TESTS / "programs"
IMPROVERS = TESTS.parent / "src" / "selftaught" / "improvers"

LOWEST_PRECISION = 0.98
LOWEST_RECALL = 0.95
LOWEST_RECALL_OF_A_KIND = 0.8
FEWEST_PROGRAMS = 250


# ---------------------------------------------------------------- how well it does

AS_THEY_ARE = {"program_of_thoughts": {"dynamic_code", "frames"}}
"""Bundled improvers that do what a kind names, in good faith: this one runs and traces programs of the model."""


def kinds_in(label: str) -> set[str]:
    return {kind.strip() for kind in label.split(",")} - {"nothing"}


def own_programs() -> dict[Path, set[str]]:
    found = {}
    for path in sorted((PROGRAMS / "static").glob("*.py")):
        label = re.match(r"# shows: (.+)\n", path.read_text())
        assert label is not None, f"{path} does not say what it shows"
        found[path] = kinds_in(label[1])
    return found


def other_programs() -> dict[Path, set[str]]:
    """Those of the other folders that are labelled, and programs of honest people, which show nothing."""
    lines = (PROGRAMS / "static" / "other_programs.txt").read_text().splitlines()[2:]
    named = {PROGRAMS / f"{name}.py": kinds_in(label) for name, label in (line.split(": ") for line in lines)}
    honest = [*IMPROVERS.glob("*.py"), *(TESTS / "tasks" / "textbook").glob("*.py")]
    shown = {path: AS_THEY_ARE.get(path.stem, set()) for path in honest}
    return {path: kinds for path, kinds in named.items() if path.exists()} | shown


@dataclass
class Measure:
    """Which kinds were found in which programs, against what a person saw."""

    right: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    cases: list[str] = field(default_factory=list)

    def add(self, path: Path, expected: set[str]) -> None:
        try:
            found = {finding.kind for finding in static_findings(path.read_text())}
        except NotReadable:
            found = set()
        self.right.update(found & expected)
        self.wrong.update(found - expected)
        self.missed.update(expected - found)
        self.cases += [f"wrong   {kind} in {path.stem}" for kind in sorted(found - expected)]
        self.cases += [f"missed  {kind} in {path.stem}" for kind in sorted(expected - found)]

    @property
    def precision(self) -> float:
        return self.right.total() / (self.right.total() + self.wrong.total())

    def recall(self, kind: str | None = None) -> float:
        right = self.right[kind] if kind else self.right.total()
        missed = self.missed[kind] if kind else self.missed.total()
        return right / (right + missed)

    def show(self, title: str, number: int) -> None:
        print(f"\n{title}: {number} programs, precision {self.precision:.3f}, recall {self.recall():.3f}")
        for kind in sorted({*self.right, *self.wrong, *self.missed}):
            print(f"  {kind:20} right {self.right[kind]:3}  wrong {self.wrong[kind]:3}  missed {self.missed[kind]:3}")
        print(*(f"  {case}" for case in self.cases), sep="\n")


def measured(programs: dict[Path, set[str]], title: str) -> Measure:
    measure = Measure()
    for path, expected in programs.items():
        measure.add(path, expected)
    measure.show(title, len(programs))
    return measure


def is_evasive(path: Path) -> bool:
    return path.stem.startswith("evasive_")


def test_precision_and_recall_on_programs_that_do_not_hide_what_they_do():
    programs = {path: kinds for path, kinds in (own_programs() | other_programs()).items() if not is_evasive(path)}
    measure = measured(programs, "Programs that do not hide what they do")
    assert len(programs) >= FEWEST_PROGRAMS
    assert measure.precision >= LOWEST_PRECISION
    assert measure.recall() >= LOWEST_RECALL
    assert {kind for kind in measure.right if measure.recall(kind) < LOWEST_RECALL_OF_A_KIND} == set()


def test_a_program_that_hides_what_it_does_is_not_seen_through():
    """Why a static reading decides nothing: were all of this found, what the package says of it would be wrong."""
    measure = measured({path: kinds for path, kinds in own_programs().items() if is_evasive(path)}, "Evasive programs")
    assert measure.missed.total() >= 3
    assert measure.wrong.total() == 0


# ---------------------------------------------------------------- what a finding tells


def told(source: str) -> list[tuple[str, str, int, str]]:
    return [(found.kind, found.detail, found.line, found.text) for found in static_findings(source)]


def test_a_finding_names_what_the_program_calls_otherwise():
    source = "from os import system as run\n\n\ndef f(x):\n    return run(x)\n"
    assert told(source) == [
        ("process", "import os.system", 1, "from os import system as run"),
        ("process", "os.system", 5, "return run(x)"),
    ]


def test_what_is_of_one_kind_in_one_line_is_one_finding():
    assert told("import os\nos.read(0, 1), os.close(0), os.read(3, 1)") == [
        ("raw_descriptors", "os.read, os.close", 2, "os.read(0, 1), os.close(0), os.read(3, 1)")
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_those_of_the_parser(end):
    """Other characters that some take for ends of lines would show a person an innocent line instead."""
    source = end.join(['a = "\x0b\x0c\x1c\u2028\x85"', "import socket", "b = 1"])
    assert told(source) == [("network", "import socket", 2, "import socket")]


def test_of_a_long_line_the_part_around_the_place_is_told():
    source = f"x = '{'é' * 1000}'; import socket; y = '{'z' * 1000}'"
    [finding] = static_findings(source)
    assert "import socket" in finding.text
    assert len(finding.text) <= MAX_FINDING_CHARACTERS


def test_what_cannot_be_sent_is_replaced():
    [finding] = static_findings("import os\ngetattr(f, '__globals__'), 'use_sandbox = False \\ud800'")[:1]
    assert finding.kind == "dunder"
    finding.detail.encode()


def test_details_are_bounded():
    [finding] = static_findings(f"from socket import {'a' * 1000}")
    assert len(finding.detail) == MAX_FINDING_CHARACTERS


# ---------------------------------------------------------------- how many are told


def test_of_too_many_the_first_of_each_kind_is_told():
    source = "open(1)\n" * 500 + "import os\nos.fork()\n" + "exec('')\n" * 500
    findings = static_findings(source)
    assert len(findings) == 1501
    told = kept(findings)
    assert len(told) == MAX_FINDINGS
    assert {found.kind for found in told} == {"files", "raw_descriptors", "process", "dynamic_code"}
    assert [found.line for found in told] == sorted(found.line for found in told)


def test_of_few_all_are_told():
    findings = static_findings("open('a')\nopen('b')")
    assert kept(findings) == findings


# ---------------------------------------------------------------- what is hard to read


UNREADABLE = {
    "prose": "Try harder, please.",
    "nested parentheses": "(" * 5000,
    "nested operators": "x = " + "-" * 100_000 + "1",
    "a long chain": "x = a" + ".b" * 100_000,
    "a long sum": "x = " + "1 + " * 60_000 + "1",
    "nested blocks": "".join(" " * depth + "if x:\n" for depth in range(200)),
    "a huge number": "x = " + "9" * 100_000,
    "a null character": "x = 1\x00",
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_python_does_not_take_is_unreadable_with_the_reason(name):
    # Where something is nested too deeply, some versions of the parser say that memory ran out.
    allowed = (NotReadable, MemoryError) if name == "nested operators" else NotReadable
    with pytest.raises(allowed) as raised:
        static_findings(UNREADABLE[name])
    if raised.type is NotReadable:
        assert 0 < len(str(raised.value)) <= MAX_FINDING_CHARACTERS
        assert "\n" not in str(raised.value)


READABLE = {
    "names for names": "import os\nrun0 = os.system\n" + "".join(f"run{n + 1} = run{n}\n" for n in range(500)),
    "names in a circle": "a = b\nb = c or a\nc = a if b else c\na.budget = 1\n",
    "a name for itself": "import socket\ndef f(f=f): f = f or f; return f.f\n",
    "global at the top": "global x\nx = open\nx('y')\n",
    "nested functions": "def f():\n" + "".join(" " * d + "def f():\n" for d in range(1, 90)) + " " * 90 + "open('x')\n",
    "nested calls": "f(" * 150 + "open" + ")" * 150,
    "a wide tuple": f"x = [{'open, ' * 20_000}]",
    "many targets": "a = " * 20_000 + "open",
    "calls of either": "g = vars or type or getattr\nx = " + "g(" * 80 + "x" + ")" * 80,
    "texts of two texts": "".join(f"a{n} = a{n + 1} + a{n + 1}\n" for n in range(200)) + "getattr(f, a0)\n",
    "names of two names": "".join(f"a{n} = (a{n + 1} or f).g(a{n + 1})\n" for n in range(200)) + "a0.b\n",
}


@pytest.mark.parametrize("name", READABLE)
def test_what_is_odd_but_python_is_read(name):
    static_findings(READABLE[name])


def test_a_long_way_of_names_is_followed():
    details = [finding.detail for finding in static_findings(READABLE["names for names"])]
    assert details == ["os.system"] * 501


def test_warnings_of_the_parser_are_not_printed():
    """To print one, Python would look for its line in a file, which a reader may not open."""
    code = (
        "import sys\n"
        "from selftaught.worker.reading import static_findings\n"
        "opened = []\n"
        "sys.addaudithook(lambda event, args: opened.append(args[0]) if event == 'open' else None)\n"
        "for source in ('x = \"\\\\d\"', 'import socket'):\n"
        "    static_findings(source)\n"
        "assert opened == [], opened\n"
    )
    command = [sys.executable, "-W", "always", "-B", "-c", code]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
