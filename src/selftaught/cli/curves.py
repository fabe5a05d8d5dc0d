"""`curves`: series of runs beside each other, round by round; and how one series is shown."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from selftaught.analysis.curves import Curve, curves_document, difference_finding, ending, read_curves
from selftaught.analysis.run_document import proposer, proposers
from selftaught.cli.output import (
    figure,
    interval,
    print_caveats,
    print_json,
    recalling,
    spent_sentence,
    stdout_console,
    untrusted,
    verdict_lines,
)
from selftaught.cli.parameters import Json, StorePath, store_to_read
from selftaught.cli.stores import open_store
from selftaught.recorded_run import Document
from selftaught.settings import UNSANDBOXED
from selftaught.source import one_line

SIDE_BY_SIDE = 3
"""Series in one row of a table; more would not fit 80 columns."""

GAINS = {"gain": "seed impr.", "gain_over_best_of_n": "best-of-n"}
"""The gains of a run, and how they are named."""


def curves(run: str, *others: str, store: StorePath = None, json: Json = False) -> int:
    """Show series of runs beside each other, round by round, and whether they really differ.

    Args:
        run: A series, or a single run; or the beginning of its id.
        others: More of them, on the same task.
    """
    with open_store(store_to_read(store), read_only=True) as records:
        found = read_curves([run, *others], records)
    document = curves_document(found)
    if json:
        print_json(document)
    else:
        _print_curves(found, document)
    return 0


def _print_curves(found: Sequence[Curve], document: Document) -> None:
    letters = _letters(len(found))
    _say(f"{document['task']}:")
    for letter, curve in zip(letters, found, strict=True):
        _say(f"  {letter}  {curve.label}: {_what_it_is(curve)}")
    for first in range(0, len(found), SIDE_BY_SIDE):
        part = slice(first, first + SIDE_BY_SIDE)
        _print_table(letters[part], [curve.document for curve in found[part]])
    names = dict(zip((curve.label for curve in found), letters, strict=True))
    for pair in document["pairs"]:
        _print_pair(names[pair["first"]], names[pair["second"]], pair)
    tested = [pair["fresh"] for pair in document["pairs"] if pair["fresh"] is not None]
    if len(tested) > 1 and any(measured["n"] >= measured["fewest_pairs"] for measured in tested):
        _say("p-values are corrected for the number of pairs (Holm).")
    _print_all_caveats([curve.document for curve in found])


def _letters(number: int) -> list[str]:
    """Names for series: A to Z, then numbers."""
    return [string.ascii_uppercase[place] if place < 26 else str(place + 1) for place in range(number)]


def _what_it_is(curve: Curve) -> str:
    document = curve.document
    run_id = "" if document["run_id"] in curve.label else f", {document['run_id']}"
    mark = f", {UNSANDBOXED}" if document["isolation"] == "unsandboxed" else ""
    return f"{_runs(document)}{run_id}{mark}"


def _runs(document: Document) -> str:
    finished, asked = document["runs_finished"], document["runs_asked"]
    noun = "run" if asked == 1 else "runs"
    return f"{finished} {noun}" if finished == asked else f"{finished} of {asked} {noun}"


def _print_table(letters: Sequence[str], documents: Sequence[Document]) -> None:
    measures: list[tuple[str, Callable[[Document], str]]] = [
        ("test meta-utility, mean over runs with the 95 % interval over runs", lambda made: _compact(made["test"])),
        ("validation, on the draws of the gate", lambda made: _compact(made["validation"])),
        ("runs that accepted / rejected / had no proposal", _endings),
    ]
    n_rounds = max(len(document["rounds"]) for document in documents)
    for title, cell in measures:
        _say(f"\n{title}:")
        _say("round  " + "".join(f"{letter:24}" for letter in letters).rstrip())
        for number in range(n_rounds):
            cells = [
                cell(document["rounds"][number]) if number < len(document["rounds"]) else "-" for document in documents
            ]
            _say((f"{number:5}  " + "".join(f"{text:24}" for text in cells)).rstrip())


def _interval(spread: Document) -> str:
    """A mean over runs with its interval; of one run there is none."""
    return interval(spread) if spread["n"] > 1 else f"{spread['mean']:.3f} (one run)"


def _compact(spread: Document) -> str:
    if spread["n"] == 1:
        return _interval(spread)
    return f"{spread['mean']:.3f} [{spread['low']:.3f}, {spread['high']:.3f}]"


def _endings(made: Document) -> str:
    return "" if made["round"] == 0 else f"{made['accepted']} / {made['rejected']} / {made['no_proposal']}"


def _print_pair(first: str, second: str, pair: Document) -> None:
    n = len(pair["rng_seeds"])
    if pair["reason"]:
        _say(f"\n{first} - {second}: {difference_finding(pair, 'last_round')}.")
        return
    left_out = sum(pair["unpaired"])
    note = f"; {left_out} run{'s' if left_out > 1 else ''} without a partner left out" if left_out else ""
    _say(f"\n{first} - {second}, paired by rng seed, {n} pair{'' if n == 1 else 's'} of runs{note}:")
    _say(f"  test after the last round: {difference_finding(pair, 'last_round')}")
    _say(f"  improved, fresh repeats:   {difference_finding(pair, 'fresh')}")


# ---------------------------------------------------------------- one series


def print_series(document: Document, location: str) -> None:
    """Nothing; prints a series: each round over its runs, each run, and what the gains say."""
    _say(
        f"{document['run_id']}: series of {_runs(document)}{'' if _is_whole(document) else ' finished'}, "
        f"{document['task']}, {proposer(document)}, accept {document['accept']}"
    )
    for failure in document["failures"]:
        _say(f"  failed: {failure['run_id']}, rng-seed {failure['rng_seed']}: {failure['message']}")
    if document["rounds"]:
        _print_rounds(document)
        _print_fresh(document)
        _print_runs(document["runs"])
        stdout_console().print(untrusted(f"\n{verdict_lines(document['verdict'])}", style="bold"))
        _print_noteworthy(document["gain"])
        _print_used(document)
    show = recalling(f"selftaught show {document['run_id']}", location)
    _say(f"Stored in {location} as {document['run_id']}: {show}")
    _print_all_caveats([document])


def _is_whole(document: Document) -> bool:
    return bool(document["runs_finished"] == document["runs_asked"])


def _print_rounds(document: Document) -> None:
    n_repeats = document["rounds"][0]["test_repeats"]
    _say(f"\nTest meta-utility per round ({n_repeats} repeats in each run), 95 % interval over runs:")
    _say(f"{'round':5}  {'test':25}{'sd':>7}{'min':>7}{'max':>7}{'validation':>12}  acc/rej/none")
    for made in document["rounds"]:
        test = made["test"]
        endings = "" if made["round"] == 0 else f"  {made['accepted']}/{made['rejected']}/{made['no_proposal']}"
        figures = f"{figure(test['sd']):>7}{figure(test['min']):>7}{figure(test['max']):>7}"
        _say(f"{made['round']:5}  {_interval(test):25}{figures}{figure(made['validation']['mean']):>12}{endings}")


def _print_fresh(document: Document) -> None:
    _say(f"\nOn {document['fresh_repeats']} fresh repeats in each run, at the same budget for each improvement:")
    for label, key in (
        ("seed improver", "seed_improver"),
        ("best-of-n", "best_of_n"),
        ("improved improver", "improver"),
    ):
        test = document[key]["test"]
        sd = "" if test["sd"] is None else f" sd {figure(test['sd'])}"
        _say(f"  {label:18} {_interval(test):25}{sd}".rstrip())


def _print_runs(runs: Iterable[Document]) -> None:
    runs = list(runs)
    columns = "  ".join(f"{name}{'p':>7}" for name in GAINS.values())
    width = max(len("rng seed"), *(len(str(run["rng_seed"])) for run in runs))
    _say("\nEach run: gain over the seed improver and over best-of-n, rounds accepted:")
    _say(f"{'rng seed':>{width}}  {'run':22}  {columns}  accepted")
    for run in runs:
        gains = "  ".join(
            f"{run[key]['mean']:>+{len(name)}.3f}{run[key]['p_value']:>7.1g}" for key, name in GAINS.items()
        )
        accepted = ",".join(str(made["round"]) for made in run["rounds"] if ending(made) == "accepted")
        _say(f"{run['rng_seed']:>{width}}  {run['run_id']:22}  {gains}  {accepted or 'none'}")


def _print_noteworthy(gain: dict[str, Any]) -> None:
    counted = gain["noteworthy"]
    runs = "run" if counted["n"] == 1 else "runs"
    share = f"{counted['count']} of {counted['n']} {runs} (95 % interval {counted['low']:.0%} to {counted['high']:.0%})"
    _say(f"Gained at least {counted['at_least']:.2f} over the seed improver: {share}.")


def _print_used(document: Document) -> None:
    used, spent = document["budget"], spent_sentence(document)
    _say(
        f"\nUsed by all runs: {used['calls']:,} model calls, {used['responses']:,} responses, "
        f"{f'{spent}, ' if spent else ''}"
        f"{used['utility_calls']:,} uses of utilities, {document['evaluations']:,} evaluations, "
        f"{used['seconds']:.0f} s; isolation: {document['isolation']}."
    )
    if document["tried"]:
        _say(f"Programs tried what they may not {document['tried']:,} times; `selftaught audit RUN` has them by run.")


def _print_all_caveats(documents: Sequence[Document]) -> None:
    """Nothing; prints each caveat once, whichever series it is of."""
    unsandboxed = any(document["isolation"] == "unsandboxed" for document in documents)
    opaque = sorted({task for document in documents for task in document.get("opaque", [])})
    print_caveats({"isolation": "unsandboxed" if unsandboxed else "", "opaque": opaque})
    for model, is_language_model in sorted({each for made in documents for each in proposers(made)}):
        print_caveats({"isolation": "", "model": model, "is_language_model": is_language_model})


def _say(line: str) -> None:
    """Nothing; prints a line, which may hold what a program or a task folder said."""
    for text in line.split("\n"):
        stdout_console().print(untrusted(one_line(text)))
