"""The results of runs as Markdown; every number comes from the runs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from hostility.corpus import CATEGORIES, Program
from hostility.probes import Result
from hostility.runs import HONEST, LEFT, MODES

CONTROL = "without isolation"
TITLES = {
    "read": "reading what is not theirs",
    "write": "writing",
    "network": "the network",
    "process": "other processes",
    "kernel": "the kernel",
    "resource": "time, memory and the rest",
    "wire": "the wire",
    "score": "the score",
    "improver": "budgets and splits, as improvers",
}

AFTERWARDS = {
    HONEST: "After all of them an honest program got its exact score in the same sandbox.",
    LEFT: "No process was left when all had ended.",
}
HOW_TO_READ = f"""Each cell: how many programs reached their goal. `{CONTROL}` is the control: each program runs
without the layer that stops it, and must succeed, so that no dud counts as a success; fewer than there are where only
root, or another kernel, can show it."""


@dataclass(frozen=True, kw_only=True)
class UserRuns:
    """All runs of one user.

    Attributes:
        user: Their name.
        machine: What they ran on, in one line.
        results: By mode, or `CONTROL`, and by the program's name.
        missing: Why modes could not be had.
    """

    user: str
    machine: str
    results: dict[str, dict[str, Result]]
    missing: dict[str, str]

    def to_plain(self) -> dict[str, Any]:
        """As plain data, for another process."""
        return asdict(self)

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> UserRuns:
        results = {
            run: {
                name: Result(**{**result, "violations": tuple(result["violations"])})
                for name, result in by_name.items()
            }
            for run, by_name in data["results"].items()
        }
        return cls(user=data["user"], machine=data["machine"], results=results, missing=data["missing"])


def markdown(programs: list[Program], everyone: list[UserRuns]) -> str:
    """The table, what reached its goal under isolation, and the list of all programs."""
    parts = [
        "\n".join(f"- As {runs.user}: {runs.machine}." for runs in everyone),
        HOW_TO_READ,
        _counts(programs, everyone),
        _remarks(everyone),
        _reached(programs, everyone),
        _list(programs),
    ]
    return "\n\n".join(part for part in parts if part)


def _counts(programs: list[Program], everyone: list[UserRuns]) -> str:
    columns = [(runs, run) for runs in everyone for run in (CONTROL, *MODES) if run in runs.results]
    head = ["programs that attack", "programs", *(f"{runs.user}: {run}" for runs, run in columns)]
    rows = [
        [TITLES[category], *_row([p for p in programs if p.category == category], columns)] for category in CATEGORIES
    ]
    rows.append(["**all**", *_row(programs, columns)])
    return _table(head, rows)


def _row(programs: list[Program], columns: list[tuple[UserRuns, str]]) -> list[str]:
    cells = [str(len(programs))]
    for runs, run in columns:
        found = [runs.results[run][p.name] for p in programs if p.name in runs.results[run]]
        shown = [result for result in found if result.ending != "absent"]
        cells.append(f"{sum(result.reached for result in shown)} of {len(shown)}")
    return cells


def _remarks(everyone: list[UserRuns]) -> str:
    said = [
        f"As {runs.user} there is no mode {mode}: {why}." for runs in everyone for mode, why in runs.missing.items()
    ]
    for name, good in AFTERWARDS.items():
        bad = [
            f"{run} as {runs.user} ({results[name].detail})"
            for runs in everyone
            for run, results in runs.results.items()
            if name in results and results[name].reached
        ]
        said.append(f"Not so in {'; '.join(bad)}: {good}" if bad else good)
    return "\n".join(said)


def _reached(programs: list[Program], everyone: list[UserRuns]) -> str:
    rows = []
    for program in programs:
        where = [
            f"{run} as {runs.user}"
            for runs in everyone
            for run in MODES
            if run in runs.results and program.name in runs.results[run] and runs.results[run][program.name].reached
        ]
        if where:
            rows.append([f"`{program.name}`", program.tries, ", ".join(where), program.fields.get("why", "**a hole**")])
    if not rows:
        return "No program reached its goal under isolation."
    return "Reached under isolation:\n\n" + _table(["program", "what it tries", "where", "why"], rows)


def _list(programs: list[Program]) -> str:
    rows = [
        [f"`{p.name}`", p.tries, p.goal, _per_mode(p, "expect"), _per_mode(p, "violation"), p.control] for p in programs
    ]
    head = ["program", "what it tries", "it succeeds if it", "how it ends", "on record", "its control"]
    return f"<details>\n<summary>All programs</summary>\n\n{_table(head, rows)}\n\n</details>"


def _per_mode(program: Program, field: str) -> str:
    others = [f"{mode}: {program.fields[f'{field}-{mode}']}" for mode in MODES if f"{field}-{mode}" in program.fields]
    return "; ".join([program.fields[field], *others])


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", " or ") for cell in line) + " |" for line in lines)
