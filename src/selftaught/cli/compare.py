"""`compare`: improvers against each other, on the same draws at the same budget."""

from __future__ import annotations

import asyncio
from typing import Annotated

from cyclopts import Parameter

from selftaught.analysis.compare import run_compare
from selftaught.analysis.transfer import improver_of_run
from selftaught.cli.output import (
    figure,
    interval,
    print_caveats,
    print_json,
    print_violations,
    stdout_console,
    untrusted,
)
from selftaught.cli.parameters import Json, StorePath, store_location
from selftaught.errors import ConfigError
from selftaught.experiment import SIGNIFICANCE, Document, check_names
from selftaught.improver import find_improver
from selftaught.settings import CompareSettings
from selftaught.source import one_line
from selftaught.store import Store
from selftaught.store.clock import now
from selftaught.task_definition import find_tasks


def compare(
    *,
    improvers: str,
    tasks: str,
    settings: Annotated[CompareSettings | None, Parameter(name="*")] = None,
    store: StorePath = None,
    json: Json = False,
) -> int:
    """Compare improvers on tasks, at equal budgets, and say which differences are real.

    Args:
        improvers: Bundled improvers, files, runs or `RUN:round`, with commas between them.
        tasks: Bundled tasks or task folders, with commas between them.
    """
    settings, found = settings or CompareSettings(), find_tasks(tasks)
    names = [name.strip() for name in improvers.split(",") if name.strip()]
    if len(names) < 2 or len(set(names)) < len(names):
        raise ConfigError(
            f"--improvers needs two or more different improvers with commas between them, not {improvers!r}"
        )
    check_names(settings)
    for name in names:
        if not name.startswith("r-"):  # what is no run can be found before a store is opened
            find_improver(name)
    with Store.open(store_location(store), clock=now) as records:
        sources = {name: improver_of_run(name, records) for name in names}
        document = asyncio.run(run_compare(sources, found, settings, records))
    if json:
        print_json(document)
    else:
        _print(document)
    return 0


def _print(document: Document) -> None:
    console = stdout_console()
    for task in document["tasks"]:
        console.print(f"\n{task['task']}: the seed solution has {interval(task['initial'])}")
        for row in sorted(task["improvers"], key=lambda row: -row["mean"]):
            failed = f"  ({row['failed']} of {row['n']} improvements failed)" if row["failed"] else ""
            console.print(untrusted(one_line(f"  {row['name']:24} {interval(row)}{failed}")))
    console.print(
        f"\n{'over all tasks':22} {'rank':>5} {'mean':>6} {'calls':>6} {'samples':>7} {'sent':>7} {'got':>6} "
        f"{'uses':>7} {'seconds':>7}"
    )
    for row in sorted(document["improvers"], key=lambda row: row["mean_rank"]):
        used = row["used"]
        figures = f"{row['mean_rank']:5.2f} {figure(row['mean']):>6} {used['calls']:6,} {used['responses']:7,}"
        characters = f"{_thousands(used['characters_sent']):>7} {_thousands(used['characters_received']):>6}"
        line = f"  {row['name']:20} {figures} {characters} {used['utility_calls']:7,} {used['seconds']:7.0f}"
        console.print(untrusted(one_line(line)))
    console.print("  sent, got: thousands of characters to and from the model; a call's prompts count once")
    real = [pair for pair in document["pairs"] if pair["is_real"]]
    n_pairs = len(document["pairs"])
    count = "none is" if not real else f"{len(real)} {'is' if len(real) == 1 else 'are'}"
    console.print(f"\nOf {n_pairs} differences between two, {count} real (p < {SIGNIFICANCE} after Holm's correction).")
    for pair in sorted(real, key=lambda pair: -abs(pair["mean"])):
        better, worse = (pair["first"], pair["second"])[:: 1 if pair["mean"] > 0 else -1]
        line = f"  {better} over {worse} by {abs(pair['mean']):.3f} (p = {pair['p_corrected']:.2g})"
        console.print(untrusted(one_line(line)))
    print_violations(document["violations"], f"selftaught audit {document['run_id']}")
    console.print(
        f"\nIsolation: {document['isolation']}. rng-seed {document['rng_seed']}. Stored as {document['run_id']}."
    )
    print_caveats(document)


def _thousands(number: int) -> str:
    return f"{number / 1000:,.0f}"
