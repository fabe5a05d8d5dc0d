"""`run --estimate`: what a run will take, said before anything is spent, in 80 columns."""

from __future__ import annotations

from typing import Any

from selftaught.analysis.run_document import proposer
from selftaught.analysis.run_estimate import CHARACTERS_PER_TOKEN, WAY_TO_THE_BUDGET
from selftaught.cli.output import print_caveats, short, stdout_console, untrusted, within_screen
from selftaught.ledger import usd
from selftaught.recorded_run import Document
from selftaught.source import one_line

TITLES = {"likely": "likely", "at_most": "at the most"}
LEGEND = (
    "",
    "outer: improvements of improvers: itself, in which an improver improves itself",
    "inner: improvements of solutions, in the phases of `show RUN --ledger`:",
    "  search by the improvers that are tried; gate to tell whether the proposal is",
    "  better; test for the figure of each round; fresh for the comparison at the end",
    f"sent, got: tokens, at {CHARACTERS_PER_TOKEN:g} characters each; - where they are not counted",
    "likely: the improver that is given does as it did just now in a rehearsal with",
    f"  gp; those that come of it are {WAY_TO_THE_BUDGET:.0%} of the way from there to their budget",
)


def print_estimate(document: Document) -> None:
    """Nothing; prints an estimate: the likely figures, the bound, and how they are made."""
    console = stdout_console()
    runs = "" if document["runs"] == 1 else f", {document['runs']:,} runs"
    rounds = f"{document['rounds']:,} round{'' if document['rounds'] == 1 else 's'}"
    title = f"{document['task']}, model {proposer(document)}, {rounds}{runs}; nothing is spent yet."
    console.print(untrusted(within_screen(one_line(title))))
    for which, title in TITLES.items():
        console.print(f"\n{title:22} {'improvem.':>9} {'calls':>8} {'samples':>8} {'sent':>8} {'got':>8} {'USD':>10}")
        for phase in document["phases"]:
            console.print(_line(f"  {_phase(phase)}", phase[which]))
        for level, figures in document["levels"].items():
            console.print(_line(f"  all {level}", figures[which]))
        console.print(_line("  in all", document[which]))
    for line in (*LEGEND, *_bounds(document), *_money(document), *_stops(document), *_unasked(document)):
        console.print(untrusted(one_line(line)))
    print_caveats({**document, "isolation": ""})


def _phase(phase: Document) -> str:
    return f"{phase['phase']} ({phase['rounds']:,} x)" if phase["rounds"] > 1 else str(phase["phase"])


def _line(name: str, amounts: dict[str, Any]) -> str:
    cells = [amounts[key] for key in ("improvements", "calls", "samples", "tokens_in", "tokens_out")]
    texts = ["-" if cell is None else short(cell) for cell in cells]
    cost = "-" if amounts["cost_usd"] is None else _money_cell(amounts["cost_usd"])
    widths = (9, 8, 8, 8, 8)
    return f"{name:22} {' '.join(f'{text:>{width}}' for text, width in zip(texts, widths, strict=True))} {cost:>10}"


def _money_cell(amount: float) -> str:
    decimals = 4 if amount < 10 else 2 if amount < 100_000 else 0
    return f"{amount:,.{decimals}f}"


def _bounds(document: Document) -> list[str]:
    """How the bound is made, and what does not bound it."""
    inner, outer = document["improvement_budget"], document["meta_budget"]
    lines = [
        f"at the most: {inner['calls']:,} calls of {inner['responses']:,} samples in an inner improvement,",
        f"  {outer['calls']:,} of {outer['responses']:,} in an outer one, {outer['utility_calls']:,} improvers tried",
    ]
    if document["longest_prompt_tokens"] is not None:
        lines += [
            f"  and in all of them prompts of {document['longest_prompt_tokens']:,} tokens: what programs really send",
            "  has no bound but --max-tokens and --max-cost",
        ]
    if document["rehearsal_failed"] is not None:
        lines.append(f"The rehearsal failed, so the likely figures may be wrong: {document['rehearsal_failed']}")
    return lines


def _money(document: Document) -> list[str]:
    """The prices that hold, each once."""
    lines = []
    for level in document["levels"].values():
        price, model = level["price_usd_per_million_tokens"], level["model"]
        if price is not None:
            lines.append(f"{model}: {price['sent']:g} USD a million tokens sent, {price['received']:g} USD received.")
        elif level["counts_tokens"]:
            lines.append(f"No price is known for {model}; give --price-in and --price-out.")
    return list(dict.fromkeys(lines))


def _unasked(document: Document) -> list[str]:
    """What is not known of models because nobody asked them, and what a run would miss; each once."""
    lines = []
    for level in document["levels"].values():
        if level["is_unasked"]:
            lines.append(f"{level['model']} was not asked: whether it can be had is known when a run begins.")
        if level["missing"] is not None:
            lines.append(f"A run cannot begin yet: {level['missing']}.")
    return [part for line in dict.fromkeys(lines) for part in within_screen(one_line(line)).splitlines()]


def _stops(document: Document) -> list[str]:
    """What ends the run before that."""
    stops, lines = document["stops_at"], []
    if stops["cost_usd"] is not None:
        lines.append(f"It ends before it spends more than {usd(stops['cost_usd'])} (--max-cost).")
    if stops["tokens"] is not None:
        lines.append(f"It ends before it takes more than {stops['tokens']:,} tokens (--max-tokens).")
    if stops["seconds"] is not None:
        lines.append(f"It ends after {stops['seconds']:,g} s (--max-seconds).")
    return lines
