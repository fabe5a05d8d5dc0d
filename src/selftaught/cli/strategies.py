"""`strategies`: which strategies an improver uses, or the improvers of a run round by round."""

from __future__ import annotations

import asyncio
import textwrap

from selftaught.analysis.strategies import (
    STRATEGIES_ARE,
    WIDTH,
    ImproverStrategies,
    RunStrategies,
    strategies_of,
    strategies_of_run,
)
from selftaught.cli.output import print_caveats, print_json, stdout_console, untrusted
from selftaught.cli.parameters import Json, StorePath, store_to_read
from selftaught.cli.stores import open_store
from selftaught.errors import Outcome
from selftaught.improver import find_improver
from selftaught.names import names_a_run, resolve_improver
from selftaught.recorded_run import opened_sandbox
from selftaught.settings import CommonSettings, IsolationMode, checked_settings
from selftaught.source import one_line
from selftaught.store import Store


def strategies(what: str, *, isolation: IsolationMode = "auto", store: StorePath = None, json: Json = False) -> int:
    """Show which strategies an improver uses, with the lines that show them; or those of a run, round by round.

    Args:
        what: A bundled improver, a file, `RUN:round`, or a run's id or its beginning.
        isolation: How programs are read; they are not run.
    """
    settings = checked_settings(CommonSettings, isolation=isolation)
    found: ImproverStrategies | RunStrategies
    made_in = _isolation_of_run(what, store)
    if _is_run(what):
        with open_store(store_to_read(store), read_only=True) as records:
            found = asyncio.run(_of_run(what, records, settings))
    else:
        source = _source(what, store)
        found = asyncio.run(_of_improver(source, settings))
    code = 1 if isinstance(found, ImproverStrategies) and found.outcome is not Outcome.OK else 0
    if json:
        print_json(_document(what, found, made_in))
        return code
    console = stdout_console()
    if isinstance(found, ImproverStrategies):
        console.print(untrusted(one_line(f"{what} ({found.sha256[:12]})")), soft_wrap=True)
        console.print("\n".join(textwrap.wrap(f"Strategies, {STRATEGIES_ARE}.", WIDTH)) + "\n")
    for line in found.lines():
        console.print(untrusted(line), soft_wrap=True)
    print_caveats({"isolation": made_in})
    return code


def _is_run(what: str) -> bool:
    return names_a_run(what) and ":" not in what


def _source(what: str, store: StorePath) -> str:
    if not names_a_run(what):  # what is no round of a run needs no store
        return find_improver(what)
    with open_store(store_to_read(store), read_only=True) as records:
        return resolve_improver(what, records)


def _isolation_of_run(what: str, store: StorePath) -> str:
    """The mode of the sandbox in the run that made what is read; empty where no run did."""
    if not names_a_run(what):
        return ""
    with open_store(store_to_read(store), read_only=True) as records:
        return records.run(what.partition(":")[0]).isolation


def _document(what: str, found: ImproverStrategies | RunStrategies, made_in: str) -> dict[str, object]:
    if isinstance(found, RunStrategies):
        return found.document()
    of_run = {"isolation": made_in} if made_in else {}
    return {"improver": what, **of_run, "what": STRATEGIES_ARE, **found.document()}


async def _of_run(name: str, records: Store, settings: CommonSettings) -> RunStrategies:
    async with opened_sandbox(settings) as sandbox:
        return await strategies_of_run(name, records, sandbox)


async def _of_improver(source: str, settings: CommonSettings) -> ImproverStrategies:
    async with opened_sandbox(settings) as sandbox:
        return await strategies_of(source, sandbox)
