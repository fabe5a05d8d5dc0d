"""`compare`: improvers against each other, on the same draws at the same budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from cyclopts import Parameter

from selftaught.analysis.compare import run_compare
from selftaught.cli.live import told_of_waits, work_through
from selftaught.cli.observing import watched
from selftaught.cli.output import (
    figure,
    interval,
    print_caveats,
    print_json,
    print_violations,
    short,
    spent_sentence,
    stderr_console,
    stdout_console,
    untrusted,
)
from selftaught.cli.parameters import Json, LogPath, StorePath, store_location, store_to_read
from selftaught.cli.stores import open_store
from selftaught.errors import ConfigError
from selftaught.experiment import SIGNIFICANCE
from selftaught.improver import find_improver
from selftaught.names import check_names, names_a_run, resolve_improver
from selftaught.recorded_run import Document
from selftaught.settings import CompareSettings
from selftaught.source import one_line
from selftaught.statistics import fewest_pairs
from selftaught.task_definition import find_tasks


def compare(
    *,
    improvers: str,
    tasks: str,
    settings: Annotated[CompareSettings | None, Parameter(name="*")] = None,
    store: StorePath = None,
    log: LogPath = None,
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
        if names_a_run(name):  # a run needs a store that is there, anything else is found before one is opened
            store_to_read(store)
        else:
            find_improver(name)
    with watched(log), open_store(store_location(store)) as records:
        sources = {name: resolve_improver(name, records) for name in names}
        document = work_through(run_compare(sources, found, settings, records, told_of_waits(stderr_console())))
    if json:
        print_json(document)
    else:
        print_comparison(document)
    return 0


def print_comparison(document: Document) -> None:
    """Nothing; prints a comparison: each task, what each improver used, and which differences are real."""
    console = stdout_console()
    for task in document["tasks"]:
        console.print(f"\n{task['task']}: the seed solution has {interval(task['initial'])}")
        for row in sorted(task["improvers"], key=lambda row: -row["mean"]):
            failed = f"  ({row['failed']} of {row['n']} improvements failed)" if row["failed"] else ""
            console.print(untrusted(one_line(f"  {row['name']:24} {interval(row)}{failed}")))
    _print_used(document["improvers"])
    real = [pair for pair in document["pairs"] if pair["is_real"]]
    n_pairs, n = len(document["pairs"]), document["pairs"][0]["n"]
    count = "none is" if not real else f"{len(real)} {'is' if len(real) == 1 else 'are'}"
    differences = "1 difference" if n_pairs == 1 else f"{n_pairs} differences"
    console.print(f"\nOf {differences} between two, {count} real (p < {SIGNIFICANCE} after Holm's correction).")
    fewest = fewest_pairs(SIGNIFICANCE, n_pairs)
    if n < fewest:
        are = "1 repeat is" if n == 1 else f"{n} repeats, over all tasks, are"
        console.print(f"{are} too few to tell, at least {fewest} are needed for {differences}.")
    for pair in sorted(real, key=lambda pair: -abs(pair["mean"])):
        better, worse = (pair["first"], pair["second"])[:: 1 if pair["mean"] > 0 else -1]
        line = f"  {better} over {worse} by {abs(pair['mean']):.3f} (p = {pair['p_corrected']:.2g})"
        console.print(untrusted(one_line(line)))
    spent = spent_sentence(document)
    if spent:
        console.print(f"\nSpent: {spent}.")
    print_violations(document["violations"], f"selftaught audit {document['run_id']}")
    console.print(
        f"\nIsolation: {document['isolation']}. rng-seed {document['rng_seed']}. Stored as {document['run_id']}."
    )
    print_caveats(document)


def _print_used(improvers: Sequence[Document]) -> None:
    """Nothing; prints what each improver came to and used, over all tasks, in 80 columns."""
    console = stdout_console()
    console.print(
        f"\n{'over all tasks':21} {'rank':>5} {'mean':>6} {'calls':>6} {'samples':>7} {'sent':>5} {'got':>5} "
        f"{'tokens':>6} {'uses':>6} {'time':>4}"
    )
    for row in sorted(improvers, key=lambda row: row["mean_rank"]):
        used = row["used"]
        figures = f"{row['mean_rank']:5.2f} {figure(row['mean']):>6} {used['calls']:6,} {used['responses']:7,}"
        characters = f"{_thousands(used['characters_sent']):>5} {_thousands(used['characters_received']):>5}"
        tokens = used.get("tokens")  # comparisons of earlier versions do not say
        counted = f"{'-' if tokens is None else short(tokens):>6} {used['utility_calls']:6,} {used['seconds']:4.0f}"
        console.print(untrusted(one_line(f"  {row['name']:19} {figures} {characters} {counted}")))
    first = {row["sha256"]: row["name"] for row in reversed(improvers)}
    for row in improvers:
        if row["name"] != first[row["sha256"]]:
            console.print(
                untrusted(one_line(f"  {row['name']} is the same program as {first[row['sha256']]}: run once"))
            )
    console.print("  rank: the mean over tasks and repeats, 1 is best; uses: of the utility")
    console.print("  sent, got: thousands of characters to and from the model; time: seconds")
    console.print("  tokens: sent and received, as the provider counts them; - where nobody does")


def _thousands(number: int) -> str:
    return f"{number / 1000:,.0f}"
