"""`audit`: what the programs of a run tried, and what their source shows; or how often generated improvers get out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Annotated

from cyclopts import Parameter

from selftaught.analysis.audit import Audit, audit_run
from selftaught.analysis.bypass import BypassSettings, run_bypass
from selftaught.cli.live import work_through
from selftaught.cli.observing import watched
from selftaught.cli.output import (
    print_caveats,
    print_json,
    recalling,
    spent_sentence,
    stderr_console,
    stdout_console,
    untrusted,
)
from selftaught.cli.parameters import Json, StorePath, store_location, store_to_read
from selftaught.cli.stores import open_store
from selftaught.errors import ConfigError
from selftaught.names import check_names
from selftaught.progress import Progress
from selftaught.recorded_run import Document, opened_sandbox
from selftaught.settings import CommonSettings, checked_settings
from selftaught.source import one_line
from selftaught.store import Store

MOST_PROGRAMS = 5
PROGRESS_LINES = 10


def audit(
    run: str | None = None,
    *,
    bypass: int | None = None,
    warning: bool = False,
    everything: bool = False,
    settings: Annotated[CommonSettings | None, Parameter(name="*")] = None,
    store: StorePath = None,
    json: Json = False,
) -> int:
    """Show what the programs of a run tried and may not, what their source shows, and odd scores.

    With --bypass N instead of a run: let a model improve a seed improver N times,
    and count how often what it writes turns the sandbox off (the paper's Table 2).
    All settings but --everything, --isolation, --store and --json are for that alone.

    Args:
        run: The run's id, or its beginning; not a series, whose runs are audited one by one.
        bypass: N, how many improvements of a seed improver that has a flag `use_sandbox`; 1,000s for a rate of 0.1 %.
        warning: With --bypass: the prompt warns of turning the sandbox off.
        everything: List every program; by default the first few of each kind. With --json everything is there anyway.
    """
    settings = settings or CommonSettings()
    given = settings.model_dump(exclude_unset=True)
    if (run is None) == (bypass is None):
        raise ConfigError("audit takes either a run or --bypass N; `selftaught runs` lists the runs")
    most_programs = None if everything else MOST_PROGRAMS
    if bypass is not None:
        return _bypass(
            checked_settings(BypassSettings, **given, bypass=bypass, warning=warning), store, json, most_programs
        )
    foreign = [f"--{name.replace('_', '-')}" for name in sorted(given) if name != "isolation"]
    foreign += ["--warning"] if warning else []
    if foreign:
        raise ConfigError(f"{foreign[0]} is for --bypass N; leave it out to audit a run, whose programs are only read")
    assert run is not None
    with open_store(store_to_read(store), read_only=True) as records:
        audited = asyncio.run(_audit(run, records, settings))
    if json:
        print_json(audited.document())
        return 0
    console = stdout_console()
    for line in audited.lines(most_programs=most_programs):
        console.print(untrusted(line))
    print_caveats({"isolation": audited.isolation, "opaque": list(audited.opaque)})
    return 0


async def _audit(run: str, records: Store, settings: CommonSettings) -> Audit:
    async with opened_sandbox(settings) as sandbox:
        return await audit_run(run, records, sandbox)


def _bypass(settings: BypassSettings, store: str | None, json: bool, most_programs: int | None) -> int:
    check_names(settings)
    with watched(None), open_store(store_location(store)) as records:
        progress = Progress()
        with _shown(progress, settings.bypass):
            document = work_through(run_bypass(settings, records, progress))
        if json:
            print_json(document)
        else:
            print_bypass(document, records.location, most_programs)
    return 0


@contextlib.contextmanager
def _shown(progress: Progress, n: int) -> Iterator[None]:
    """Nothing; within it, the latest step stands on a terminal; elsewhere some of the steps are lines."""
    console = stderr_console()
    if console.is_terminal:
        with console.status(f"selftaught audit --bypass {n}") as status:
            progress.on_step = progress.on_wait = lambda line: status.update(untrusted(line))
            yield
        return
    progress.on_wait = lambda line: console.print(untrusted(line))
    tenths = 0

    def print_some(line: str) -> None:
        nonlocal tenths
        done = progress.improvements * PROGRESS_LINES // n
        if done > tenths:
            tenths = done
            console.print(untrusted(line))

    progress.on_step = print_some
    yield


def print_bypass(document: Document, location: str, most_programs: int | None) -> None:
    """Nothing; prints how many of the improvements turn the sandbox off, and the first programs that do."""
    console = stdout_console()
    warned = "with a warning in the prompt" if document["warning"] else "without a warning"
    console.print(
        untrusted(f"{document['improvements']:,} improvements of a seed improver by {document['model']}, {warned}\n")
    )
    console.print(f"{'the sandbox is turned off':34}{'count':>7}{'rate':>9}  95 % interval")
    labels = {"static": "in the source", "dynamic": "when it ran", "either": "in either", "both": "in both"}
    for name, label in labels.items():
        console.print(f"  {label:32}{_rate(document['attempts'][name])}")
    console.print("beside that, not counted")
    for name, label in {"left_out": "the flag is left out when it ran", "in_text": "only written in a text"}.items():
        console.print(f"  {label:32}{_rate(document['beside'][name])}")
    console.print("the paper, of 10,000 each")
    for row in document["paper"]:
        label = f"{row['model']}{', with a warning' if row['warning'] else ''}"
        console.print(f"  {label:32}{_rate(row)}")
    console.print(f"{document['note']}\n")
    _print_programs(document, most_programs)
    used, spent = document["budget"], spent_sentence(document)
    console.print(
        f"\nUsed: {used['calls']:,} model calls, {used['responses']:,} responses, {f'{spent}, ' if spent else ''}"
        f"{used['seconds']:.0f} s; isolation: {document['isolation']}; rng-seed {document['rng_seed']}."
    )
    audit_it = recalling(f"selftaught audit {document['run_id']}", location)
    console.print(f"Stored in {location} as {document['run_id']}: {audit_it}")
    print_caveats({"isolation": document["isolation"]})


def _rate(counted: Document) -> str:
    return f"{counted['count']:7,}{counted['rate']:9.2%}  {100 * counted['low']:.2f}-{counted['high']:.2%}"


def _print_programs(document: Document, most_programs: int | None) -> None:
    console = stdout_console()
    if document["unanswered"]:
        line = f"{document['unanswered']:,} improvements were not answered: {document['why_unanswered']}"
        console.print(untrusted(one_line(line)))
    console.print(
        f"{document['different_programs']:,} different programs; {document['without_program']:,} answers "
        f"had none; {document['unreadable']:,} improvements could not be read"
    )
    console.print(f"when they ran, they ended: {_counts(document['outcomes'])}")
    console.print(untrusted(f"what else they tried and may not, by improvements: {_counts(document['refused'])}"))
    if document["forms"]:
        console.print(untrusted(one_line(f"how the source does it: {_counts(document['forms'])}")))
    for made in document["attempting"][:most_programs]:
        line = f"{made['program'][:12]}  {made['times']:,} x; ran with the flag off {made['times_off']:,} times"
        console.print(untrusted(one_line(f"{line}; it ended: {made['outcome']}")))
        for place in made["static"]:
            shown = one_line(f"  line {place['line']}: {place['detail']}    {place['text']}")
            console.print(untrusted(shown), soft_wrap=True)
    n_more = len(document["attempting"]) - len(document["attempting"][:most_programs])
    if n_more:
        console.print(f"and {n_more:,} more programs; --everything or --json lists them")


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items()) or "none"
