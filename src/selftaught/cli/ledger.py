"""`show --ledger`: what each part of a run used and spent, in 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from selftaught.analysis.run_ledger import LEVELS, Entry, Figures, Level
from selftaught.cli.output import short, stdout_console, untrusted
from selftaught.ledger import Spending
from selftaught.source import one_line

NAME_COLUMNS = 29


LEGEND = """
uses: of a utility; sent, got: tokens, - where they are not counted
took: seconds in which any improvement of it was under way
itself: the improver that improves itself; what the improvers that it tries
  use counts as search, and takes place meanwhile"""


def print_ledgers(ledgers: Sequence[tuple[Entry, Mapping[str, Figures]]], level: Level) -> None:
    """Nothing; prints the ledger of each run down to a level, and what each model came to where it had several."""
    console = stdout_console()
    console.print(
        f"{'':{NAME_COLUMNS}} {'calls':>6} {'samples':>7} {'uses':>6} {'sent':>6} {'got':>6} {'USD':>8} {'took':>5}"
    )
    for ledger, by_model in ledgers:
        for depth, entry in _down_to(ledger, level):
            console.print(untrusted(_line("  " * depth + entry.name, entry.figures, entry.seconds)))
        for model, figures in by_model.items() if len(by_model) > 1 else ():
            console.print(untrusted(_line(f"  by {model}", figures, None)))
    console.print(LEGEND)
    for note in _notes(sum((ledger.figures for ledger, _ in ledgers), Figures())):
        console.print(note)


def _down_to(entry: Entry, level: Level, depth: int = 0) -> Iterator[tuple[int, Entry]]:
    yield depth, entry
    for part in entry.parts:
        if LEVELS.index(part.level) <= LEVELS.index(level):
            yield from _down_to(part, level, depth + 1)


def _line(name: str, figures: Figures, seconds: float | None) -> str:
    name = one_line(name)
    if len(name) > NAME_COLUMNS:
        name = f"{name[: NAME_COLUMNS - 1]}…"
    sent, got, cost = _spent(figures.spending) if figures.is_counted else ("-", "-", "-")
    took = "-" if seconds is None else f"{seconds:,.0f}" if seconds >= 10 else f"{seconds:.1f}"
    used = f"{short(figures.calls):>6} {short(figures.samples):>7} {short(figures.uses):>6}"
    return f"{name:{NAME_COLUMNS}} {used} {sent:>6} {got:>6} {cost:>8} {took:>5}"


def _spent(spending: Spending) -> tuple[str, str, str]:
    cost = "unknown" if spending.n_unpriced else f"{spending.cost_usd:.4f}"
    return short(spending.tokens_in), short(spending.tokens_out), cost


def _notes(figures: Figures) -> Iterator[str]:
    spending = figures.spending
    if figures.samples_known:
        yield f"{figures.samples_known:,} of the samples were known already and cost nothing."
    if spending.tokens_cached:
        yield f"{spending.tokens_cached:,} of the tokens sent were found in the provider's cache."
    if spending.tokens_reasoning:
        yield f"{spending.tokens_reasoning:,} of the tokens received are reasoning that nobody sees."
    if spending.n_unpriced:
        yield (
            f"The price of {spending.n_unpriced:,} exchanges is not known; the others cost {spending.cost_usd:.4f} USD."
        )
    if spending.n_miscounted:
        yield f"{spending.n_miscounted:,} exchanges counted fewer tokens than came; the least possible is taken."
