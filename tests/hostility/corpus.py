"""The hostile programs as their files describe them.

A file's docstring says what the program tries. Comments below it are read by machines:

    goal      what is looked at to know whether it succeeded: a name of `goals`
    expect    how it ends under isolation: `stopped`, `reached`, `task_error`, or outcomes; `|` divides alternatives
    violation the kind that is on record then; `-` where there is none
    control   the run without the layer that stops it, in which it must succeed
    why       for a program that reaches its goal: why that is so
    task      for a solution: the task that it claims to solve
    machine   the only machine that it is made for

`expect-full`, `violation-sealed` and the like hold for one mode alone.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "programs" / "hostile"
CATEGORIES = ("read", "write", "network", "process", "kernel", "resource", "wire", "score", "improver", "task")
ALONE = "alone"
"""What a control says that ends the zygote, and with it all that runs beside."""

_FIELD = re.compile(r"^# ([a-z-]+): (.+)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Program:
    """One hostile program.

    Attributes:
        name: Its category and its own name.
        category: The folder that it is in.
        tries: What it tries, in one line.
        source: Its text.
        fields: What its comments say.
    """

    name: str
    category: str
    tries: str
    source: str
    fields: dict[str, str]

    @property
    def goal(self) -> str:
        return self.fields["goal"]

    @property
    def control(self) -> str:
        return self.fields["control"]

    @property
    def kind(self) -> str:
        """Whether it is a `solution`, an `improver`, a `task` (its `utility.py`), or a `probe`."""
        if "task" in self.fields:
            return "solution"
        return self.category if self.category in ("improver", "task") else "probe"

    def expected(self, mode: str) -> set[str]:
        """How it may end in a mode."""
        return set(self._field("expect", mode).split("|"))

    def violations(self, mode: str) -> set[str]:
        """The kinds of which one must be on record in a mode; `-` stands for none at all."""
        return set(self._field("violation", mode).split("|"))

    def control_needs_root(self) -> bool:
        return self.control.endswith("as root")

    def _field(self, name: str, mode: str) -> str:
        return self.fields.get(f"{name}-{mode}", self.fields[name])


def read(path: Path) -> Program:
    """The program in a file."""
    source = path.read_text(encoding="utf-8")
    category = path.parent.name
    return Program(
        name=f"{category}/{path.stem}",
        category=category,
        tries=" ".join((ast.get_docstring(ast.parse(source)) or "").split()),
        source=source,
        fields={name: value.strip() for name, value in _FIELD.findall(source)},
    )


def programs() -> list[Program]:
    """All of them, by category and name."""
    return [read(path) for category in CATEGORIES for path in sorted((FOLDER / category).glob("*.py"))]
