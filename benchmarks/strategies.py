"""Measures the reading of strategies on labelled programs and prints precision and recall as Markdown tables.

.venv/bin/python benchmarks/strategies.py [--cases]

The labels are in `tests/programs/strategies`: in the first line of each program, and in `bundled.txt` for the bundled
improvers. Programs whose name begins with `held_out_` were written when the reading was done, and it was not changed
for them.
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from selftaught.analysis.strategies import STRATEGIES
from selftaught.improver import bundled_improver
from selftaught.worker.reading import strategy_findings

FOLDER = Path(__file__).parent.parent / "tests" / "programs" / "strategies"
Label: TypeAlias = "dict[str, set[int]]"


@dataclass
class Measure:
    """Which strategies were found in which programs, against what a person saw.

    Attributes:
        lines: Of those found rightly that are labelled with lines, how many have one of these, and how many do not.
    """

    right: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    lines: Counter[bool] = field(default_factory=Counter)
    cases: list[str] = field(default_factory=list)

    def add(self, name: str, source: str, label: Label) -> None:
        """Nothing; a program counts too."""
        found: Label = defaultdict(set)
        for finding in strategy_findings(source):
            found[finding.kind].add(finding.line)
        self.right.update(found.keys() & label.keys())
        self.wrong.update(found.keys() - label.keys())
        self.missed.update(label.keys() - found.keys())
        self.cases += [f"wrong   {kind} in {name}, lines {sorted(found[kind])}" for kind in found.keys() - label.keys()]
        self.cases += [f"missed  {kind} in {name}" for kind in label.keys() - found.keys()]
        for kind in found.keys() & label.keys():
            if label[kind]:
                self.lines[bool(found[kind] & label[kind])] += 1
                if not found[kind] & label[kind]:
                    self.cases.append(f"elsewhere {kind} in {name}: {sorted(found[kind])}, not {sorted(label[kind])}")

    @property
    def precision(self) -> float:
        """The share of what was found that is there."""
        return self.right.total() / (self.right.total() + self.wrong.total())

    @property
    def recall(self) -> float:
        """The share of what is there that was found."""
        return self.right.total() / (self.right.total() + self.missed.total())


def labelled() -> dict[str, tuple[str, Label]]:
    """Source and label of each labelled variant, by name."""
    found = {}
    for path in sorted(FOLDER.glob("*.py")):
        source = path.read_text(encoding="utf-8")
        match = re.match(r"# uses: (.+)\n", source)
        if match is None:
            raise ValueError(f"{path} does not say what it uses")
        parts = [] if match[1] == "nothing" else [part.split() for part in match[1].split("; ")]
        found[path.stem] = source, {kind: {int(line) for line in lines} for kind, *lines in parts}
    return found


def bundled() -> dict[str, tuple[str, Label]]:
    """The same of the bundled improvers; their labels name no lines."""
    lines = (FOLDER / "bundled.txt").read_text(encoding="utf-8").splitlines()[1:]
    named = dict(line.split(": ") for line in lines)
    return {
        name: (bundled_improver(name), {kind: set() for kind in kinds.split(", ")}) for name, kinds in named.items()
    }


def measure(programs: Mapping[str, tuple[str, Label]]) -> Measure:
    """How well the reading does on some programs."""
    found = Measure()
    for name, (source, label) in programs.items():
        found.add(name, source, label)
    return found


def groups() -> dict[str, dict[str, tuple[str, Label]]]:
    """The programs by what the reading was allowed to be fitted to."""
    variants = labelled()
    held_out = {name: variant for name, variant in variants.items() if name.startswith("held_out_")}
    return {
        "bundled improvers": bundled(),
        "variants": {name: variant for name, variant in variants.items() if name not in held_out},
        "held-out variants": held_out,
    }


def _cell(found: Measure, kind: str) -> str:
    right, wrong, missed = found.right[kind], found.wrong[kind], found.missed[kind]
    if not right + wrong + missed:
        return " | "
    precision = f"{right}/{right + wrong}" if right + wrong else "–"
    return f"{precision} | {f'{right}/{right + missed}' if right + missed else '–'}"


def main(arguments: list[str]) -> None:
    """Nothing; prints the tables."""
    measured = {title: measure(programs) for title, programs in groups().items()}
    print("| programs | number | strategies in them | precision | recall | on a labelled line |")
    print("|---|---|---|---|---|---|")
    for title, programs in groups().items():
        found = measured[title]
        number = found.right.total() + found.missed.total()
        on_line = f"{found.lines[True]} of {found.lines.total()}" if found.lines else "not labelled"
        print(f"| {title} | {len(programs)} | {number} | {found.precision:.3f} | {found.recall:.3f} | {on_line} |")
    print(f"\n| strategy | {' | '.join(f'{title}: precision | recall' for title in measured)} |")
    print(f"|---{'|---' * 2 * len(measured)}|")
    for kind in STRATEGIES:
        print(f"| `{kind}` | {' | '.join(_cell(found, kind) for found in measured.values())} |")
    if "--cases" in arguments:
        print(*(f"{title}: {case}" for title, found in measured.items() for case in sorted(found.cases)), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
