"""The results of runs as Markdown; every number comes from the runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
    "task": "all of this, as a task's own code",
}

AFTERWARDS = {
    HONEST: "After each of them, and after all, an honest program got its exact score in the same sandbox.",
    LEFT: "No process was left when all had ended.",
}
HOW_TO_READ = f"""Each cell: how many programs reached their goal. `{CONTROL}` is the control: each program runs
without the layer that stops it, and must succeed, so that no dud counts as a success; fewer than there are where only
root, or another kernel, can show it. The list of all programs says how each of them ended and what was on record of it,
and marks what its file does not declare."""
ENDING, RECORD, UNDECLARED = "how it ended", "on record", "not as declared"


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
        _list(programs, everyone),
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


def _list(programs: list[Program], everyone: list[UserRuns]) -> str:
    rows = [
        [
            f"`{program.name}`",
            program.tries,
            program.goal,
            _seen(program, everyone, _ending),
            _seen(program, everyone, _record),
            program.control,
        ]
        for program in programs
    ]
    head = ["program", "what it tries", "it succeeds if it", ENDING, RECORD, "its control"]
    return f"<details>\n<summary>All programs</summary>\n\n{_table(head, rows)}\n\n</details>"


def _seen(program: Program, everyone: list[UserRuns], told: Callable[[Program, str, Result], str]) -> str:
    """What was seen of a program, run by run; once where it was always the same."""
    where: dict[str, list[str]] = {}
    for runs, mode, result in _isolated_runs(program, everyone):
        where.setdefault(told(program, mode, result), []).append(f"{mode} as {runs.user}")
    if len(where) == 1:
        return next(iter(where))
    return "; ".join(f"{seen} ({', '.join(places)})" for seen, places in where.items()) or "it did not run"


def _isolated_runs(program: Program, everyone: list[UserRuns]) -> Iterator[tuple[UserRuns, str, Result]]:
    for runs in everyone:
        for mode in MODES:
            if program.name in runs.results.get(mode, {}):
                yield runs, mode, runs.results[mode][program.name]


def _ending(program: Program, mode: str, result: Result) -> str:
    return result.ending if is_as_declared(program, mode, result) else f"**{result.ending}, {UNDECLARED}**"


def _record(program: Program, mode: str, result: Result) -> str:
    kinds = ", ".join(result.violations) or "-"
    return kinds if is_on_record_as_declared(program, mode, result) else f"**{kinds}, {UNDECLARED}**"


def is_as_declared(program: Program, mode: str, result: Result) -> bool:
    """Whether a program ended in one of the ways that its file declares."""
    return result.ending in program.expected(mode) and result.reached == (result.ending == "reached")


def is_on_record_as_declared(program: Program, mode: str, result: Result) -> bool:
    """Whether one of the kinds that a program's file declares is on record; `-` declares that there may be none."""
    return bool(program.violations(mode) & (set(result.violations) or {"-"}))


def surprises(programs: list[Program], everyone: list[UserRuns]) -> list[str]:
    """All that is not as the files declare, a line each: endings, records, duds, and what was found afterwards."""
    found = []
    for program in programs:
        for runs, mode, result in _isolated_runs(program, everyone):
            where = f"{program.name}, {mode} as {runs.user}"
            if not is_as_declared(program, mode, result):
                found.append(f"{where}: it ended as {result.ending}, {UNDECLARED}: {result.detail:.300}")
            if not is_on_record_as_declared(program, mode, result):
                found.append(f"{where}: on record is {', '.join(result.violations) or 'nothing'}, {UNDECLARED}")
        for runs in everyone:
            control = runs.results.get(CONTROL, {}).get(program.name)
            if control is not None and not control.reached and control.ending != "absent":
                found.append(f"{program.name}, {CONTROL} as {runs.user}: it is a dud: {control.detail:.300}")
    for name in AFTERWARDS:
        for runs in everyone:
            for run, results in runs.results.items():
                if name in results and results[name].reached:
                    found.append(f"{name}, {run} as {runs.user}: {results[name].detail:.300}")
    return found


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", " or ") for cell in line) + " |" for line in lines)
