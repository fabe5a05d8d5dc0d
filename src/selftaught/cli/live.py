"""A run while it runs: a live panel on a terminal, a line for each step elsewhere; always on stderr."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table

from selftaught.budget import Account
from selftaught.cli.output import stderr_console, untrusted
from selftaught.interrupts import run_until_interrupted
from selftaught.ledger import usd
from selftaught.progress import Progress

Result = TypeVar("Result")

REFRESHES_PER_SECOND = 4


@contextlib.contextmanager
def shown(progress: Progress, console: Console, title: str, command: str = "run") -> Iterator[None]:
    """Nothing; within it, the progress is on the screen."""
    progress.on_step = lambda line: console.print(untrusted(line))
    if not console.is_terminal:
        progress.on_wait = progress.on_step
        yield
        return
    view = _View(progress, f"selftaught {command} {title}")
    with Live(view, console=console, refresh_per_second=REFRESHES_PER_SECOND, transient=True):
        yield


def told_of_waits(console: Console) -> Progress:
    """The progress of a command without a panel: a person is told on a console when it waits, and for what."""
    return Progress(on_wait=lambda line: console.print(untrusted(line)))


def work_through(work: Coroutine[Any, Any, Result]) -> Result:
    """The result of work that Ctrl-C or SIGTERM may end: once lets what is in flight end, twice does not.

    Raises:
        Interrupted: It was ended so.
    """
    console = stderr_console()
    said = "interrupted: waiting for what is in flight, 2 s at the most; a second interrupt ends it at once"
    return run_until_interrupted(work, on_first=lambda: console.print(said))


class _View:
    """The panel; rich asks for it anew at every refresh."""

    def __init__(self, progress: Progress, title: str) -> None:
        self._progress = progress
        self._title = title

    def __rich__(self) -> Group:
        progress = self._progress
        usage = progress.usage
        table = Table.grid(padding=(0, 2))
        table.add_row("round", f"{progress.round} of {progress.n_rounds}: {progress.phase}")
        table.add_row("improvements", f"{progress.improvements:,} of about {int(progress.improvements_expected):,}")
        table.add_row("this round", _used(progress.round_account, "of the meta-utility"))
        table.add_row("improvement", _used(progress.improvement_account, "of the utility"))
        spent = f"{usage.calls:,} calls, {usage.responses:,} responses, {usage.evaluations:,} evaluations"
        table.add_row("in all", spent)
        if _spent(progress):
            table.add_row("spent", _spent(progress))
        table.add_row("best so far", "-" if progress.best is None else f"{progress.best:.3f} on validation")
        table.add_row("time", _time(progress))
        if progress.waiting is not None:
            table.add_row("waiting", untrusted(progress.waiting))
        return Group(untrusted(self._title, style="bold"), table)


def _used(account: Account | None, of_what: str) -> str:
    if account is None:
        return "-"
    usage, budget = account.usage, account.budget
    return f"{usage.calls} of {budget.calls} calls, {usage.utility_calls} of {budget.utility_calls} uses {of_what}"


def _spent(progress: Progress) -> str:
    """What was spent on language models, and of how much; empty where nothing is, and nothing is bounded."""
    spending, budget = progress.spending, progress.ledger.budget
    parts = []
    if spending.tokens or budget.tokens is not None:
        of = "" if budget.tokens is None else f" of {budget.tokens:,}"
        parts.append(f"{spending.tokens:,}{of} tokens")
    if spending.tokens or budget.cost_usd is not None:
        of = "" if budget.cost_usd is None else f" of {usd(budget.cost_usd)}"
        unknown = f", {spending.n_unpriced:,} exchanges at an unknown price" if spending.n_unpriced else ""
        parts.append(f"{usd(spending.cost_usd)}{of}{unknown}")
    return ", ".join(parts)


def _time(progress: Progress) -> str:
    limit = progress.ledger.budget.seconds
    elapsed = f"{time.monotonic() - progress.started:.0f} s{'' if limit is None else f' of {limit:,g} s'}"
    left = progress.seconds_left
    return elapsed if left is None else f"{elapsed}, about {left:.0f} s left"
