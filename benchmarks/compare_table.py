"""Prints what `selftaught compare` measured as a Markdown table, with everything that each improver used.

selftaught compare --improvers A,B --tasks X,Y --json > compared.json
.venv/bin/python benchmarks/compare_table.py compared.json            from a file, or from - for standard input
.venv/bin/python benchmarks/compare_table.py r-20261128 --store FILE  from a store, by the id or its beginning

An interval is a 95 % BCa bootstrap interval; that of the mean over tasks is over the repeats. Characters are sent and
received, in thousands. A dash stands where nothing is counted.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from selftaught.store import Store
from selftaught.store.clock import now

Document: TypeAlias = "Mapping[str, Any]"
USED = ("calls", "samples", "tokens", "sent, 1,000 characters", "got", "uses", "seconds")


def main(arguments: Sequence[str] | None = None) -> None:
    """Nothing; prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("compared", metavar="FILE|RUN", help="what `compare --json` printed, or with --store a run")
    parser.add_argument("--store", type=Path, help="the store in which the comparison is recorded")
    asked = parser.parse_args(arguments)
    print("\n".join(lines_of(document_of(asked.compared, asked.store))))


def document_of(compared: str, store: Path | None) -> Document:
    """The document of a comparison, from a store or from a file."""
    if store is not None:
        with Store.open(store, read_only=True, clock=now) as records:
            document: Any = records.run(compared).result
    else:
        document = json.loads(sys.stdin.read() if compared == "-" else Path(compared).read_text(encoding="utf-8"))
    if not isinstance(document, dict) or not {"improvers", "tasks", "pairs"} <= document.keys():
        sys.exit(f"{compared} is no finished comparison; make one with `selftaught compare --json`")
    return document


def lines_of(document: Document) -> list[str]:
    """The table, and the differences that are real."""
    tasks = document["tasks"]
    head = ["improver", *(f"`{task['task']}`" for task in tasks), "mean over tasks", "mean rank", "failed", *USED]
    seed_solution = ["(seed solution)", *(interval(task["initial"]) for task in tasks)]
    rows = [seed_solution + [""] * (len(head) - len(seed_solution))]
    rows += [_row(of_one, tasks) for of_one in sorted(document["improvers"], key=lambda row: row["mean_rank"])]
    n = tasks[0]["initial"]["n"]
    return [
        f"{n} fresh repeats on each task; model {document['model']}; rng-seed {document['rng_seed']}; "
        f"{document['budget']['seconds']:,.0f} s in all",
        "",
        *(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)),
        "",
        *_differences(document["pairs"]),
    ]


def interval(estimate: Document) -> str:
    """A mean with its interval."""
    return f"{estimate['mean']:.3f} ({estimate['low']:.3f} to {estimate['high']:.3f})"


def _row(of_one: Document, tasks: Sequence[Document]) -> list[str]:
    name, used = of_one["name"], of_one["used"]
    values = [interval(next(row for row in task["improvers"] if row["name"] == name)) for task in tasks]
    characters = [f"{used[key] / 1000:,.0f}" for key in ("characters_sent", "characters_received")]
    counts = [_count(used.get(key)) for key in ("calls", "responses", "tokens")]
    return [
        f"`{name}`".replace("|", "\\|"),
        *values,
        interval(of_one),
        f"{of_one['mean_rank']:.2f}",
        _count(of_one["failed"]),
        *counts,
        *characters,
        _count(used["utility_calls"]),
        f"{used['seconds']:,.0f}",
    ]


def _count(count: int | None) -> str:
    return "-" if count is None else f"{count:,}"


def _differences(pairs: Sequence[Document]) -> list[str]:
    real = sorted((pair for pair in pairs if pair["is_real"]), key=lambda pair: -abs(pair["mean"]))
    lines = [f"Of {len(pairs)} differences between two improvers, {len(real)} are real after Holm's correction:"]
    for pair in real:
        better, worse = (pair["first"], pair["second"])[:: 1 if pair["mean"] > 0 else -1]
        lines.append(f"- `{better}` over `{worse}` by {abs(pair['mean']):.3f}, p = {pair['p_corrected']:.2g}")
    return lines if real else [lines[0].replace(" are real after Holm's correction:", " are real.")]


if __name__ == "__main__":
    main()
