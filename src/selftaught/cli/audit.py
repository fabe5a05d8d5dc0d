"""`audit`: what the programs of a run tried, and what their source shows."""

from __future__ import annotations

import asyncio

from selftaught.analysis.audit import Audit, audit_run
from selftaught.cli.output import print_caveats, print_json, stdout_console, untrusted
from selftaught.cli.parameters import Json, StorePath, store_location
from selftaught.experiment import opened_sandbox
from selftaught.settings import CommonSettings, IsolationMode, checked_settings
from selftaught.store import Store
from selftaught.store.clock import now


def audit(
    run: str,
    *,
    everything: bool = False,
    isolation: IsolationMode = "auto",
    store: StorePath = None,
    json: Json = False,
) -> int:
    """Show what the programs of a run tried and may not, and, apart from that, what their source shows.

    Args:
        run: The run's id, or its beginning.
        everything: List every program; by default the first few of each kind. With --json everything is there anyway.
        isolation: How programs are read; they are not run.
    """
    settings = checked_settings(CommonSettings, isolation=isolation)
    with Store.open(store_location(store), read_only=True, clock=now) as records:
        audited = asyncio.run(_audit(run, records, settings))
    if json:
        print_json(audited.document())
        return 0
    console = stdout_console()
    for line in audited.lines(most_programs=None if everything else 5):
        console.print(untrusted(line), soft_wrap=True)
    print_caveats({"isolation": audited.isolation})
    return 0


async def _audit(run: str, records: Store, settings: CommonSettings) -> Audit:
    async with opened_sandbox(settings) as sandbox:
        return await audit_run(run, records, sandbox)
