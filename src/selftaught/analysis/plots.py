"""Figures of runs, for papers and pages. The only place that loads matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from selftaught.analysis.curves import MEASURED, Curve, ending
from selftaught.analysis.run_document import proposer, proposers
from selftaught.errors import ConfigError
from selftaught.settings import UNSANDBOXED

FORMATS = (".svg", ".pdf", ".png")

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Of Okabe and Ito: told apart with any colour vision, and in grey by the markers that go with them."""
MARKERS = "os^DvPX"
BESIDE = 0.06
"""How far apart, in rounds, what belongs to the same round is drawn."""
HOW_TO_READ = (
    "bold: test, mean over runs; dashed: validation; "
    "thin: single runs (filled: accepted, hollow: rejected, dot: no proposal)"
)
IMPROVERS = ("seed\nimprover", "best-of-n", "improved")


def plot_rounds(document: dict[str, Any], path: Path) -> None:
    """Nothing; writes the test meta-utility per round of one run, beside the comparison on fresh repeats.

    Args:
        document: What `run --json` prints.
        path: Where to; its ending decides the format: .svg, .pdf or .png.

    Raises:
        ConfigError: The ending is another, or matplotlib is not installed.
    """
    figure = _new_figure(path, 3.2)
    curve, bars = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    _draw_curve(curve, document)
    _draw_comparison(bars, document)
    title = f"{document['task']}, {_proposer(document)}, rng seed {document['rng_seed']}{_mark(document)}"
    figure.suptitle(_plain(title), fontsize=10)
    _save(figure, path)


def plot_curves(curves: Sequence[Curve], path: Path) -> None:
    """Nothing; writes series of runs on one task in one figure: per round, and on fresh repeats at the end.

    Bold lines are means over runs with their 95 % intervals, thin lines single runs.

    Args:
        curves: One or more series.
        path: Where to; its ending decides the format: .svg, .pdf or .png.

    Raises:
        ConfigError: There are too many to tell apart, the ending is another, or matplotlib is not installed.
    """
    if len(curves) > len(COLOURS):
        raise ConfigError(f"{len(curves)} series cannot be told apart in one figure; draw {len(COLOURS)} at most")
    figure = _new_figure(path, 4.2 + 0.22 * len(curves))
    rounds, bars = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    for place, curve in enumerate(curves):
        _draw_series(rounds, curve, place, BESIDE * (place - (len(curves) - 1) / 2))
        _draw_fresh(bars, curve.document, place, 2 * BESIDE * (place - (len(curves) - 1) / 2))
    documents = [curve.document for curve in curves]
    _label_rounds(rounds, documents)
    _label_improvers(bars, f"fresh repeats, n = {_common(documents, 'fresh_repeats')} in each run")
    figure.suptitle(_plain(f"{documents[0]['task']}{_mark(*documents)}"), fontsize=10)
    figure.legend(
        *rounds.get_legend_handles_labels(), title=HOW_TO_READ, title_fontsize=8, alignment="left",
        loc="outside lower left", fontsize=8, frameon=False,
    )  # fmt: skip
    _save(figure, path)


def _new_figure(path: Path, height: float) -> Any:
    if path.suffix not in FORMATS:
        raise ConfigError(f"{path} should end in {', '.join(FORMATS)}")
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ConfigError("figures need matplotlib: install selftaught[figures]") from None
    return Figure(figsize=(7.2, height), layout="constrained")


def _save(figure: Any, path: Path) -> None:
    from matplotlib import rc_context

    # Without a date, and with names inside of it that are not drawn by lot, the same run makes the same file.
    with rc_context({"svg.hashsalt": "selftaught"}):
        figure.savefig(path, dpi=160, metadata={"Date": None} if path.suffix == ".svg" else None)


def _proposer(document: dict[str, Any]) -> str:
    return proposer(document, " (not a language model)")


def _mark(*documents: dict[str, Any]) -> str:
    mark = f", {UNSANDBOXED}" if any(document["isolation"] == "unsandboxed" for document in documents) else ""
    return f"{mark}, opaque: scores are claims" if any(document["opaque"] for document in documents) else mark


def _plain(text: str) -> str:
    """A text without what matplotlib takes for mathematics."""
    return text.replace("$", r"\$")


# ---------------------------------------------------------------- one run


def _draw_curve(axes: Any, document: dict[str, Any]) -> None:
    rounds = document["rounds"]
    numbers = [made["round"] for made in rounds]
    axes.plot(numbers, [made["test"]["mean"] for made in rounds], color=COLOURS[0], zorder=1)
    for made in rounds:
        test, is_new = made["test"], made["accepted"]
        face = COLOURS[0] if is_new else "white"
        axes.errorbar(
            made["round"],
            test["mean"],
            yerr=_error_bars(test),
            fmt="o",
            color=COLOURS[0],
            markerfacecolor=face,
            capsize=3,
        )
    _number_rounds(axes, len(numbers))
    axes.set_xlabel("round (hollow: proposal not accepted)")
    axes.set_ylabel("test meta-utility, 95 % interval")
    axes.set_title(f"per round, n = {rounds[0]['test']['n']}", fontsize=9)


def _number_rounds(axes: Any, n_rounds: int) -> None:
    axes.set_xticks(range(0, n_rounds, 1 + n_rounds // 12))


def _draw_comparison(axes: Any, document: dict[str, Any]) -> None:
    for index, key in enumerate(MEASURED):
        test = document[key]["test"]
        axes.errorbar(index, test["mean"], yerr=_error_bars(test), fmt="s", color=COLOURS[0], capsize=3)
    _label_improvers(axes, f"fresh repeats, n = {document['gain']['n']}")


def _label_improvers(axes: Any, title: str) -> None:
    axes.set_xticks(range(len(IMPROVERS)), IMPROVERS)
    axes.set_xlim(-0.5, len(IMPROVERS) - 0.5)
    axes.set_title(title, fontsize=9)


def _error_bars(test: dict[str, float]) -> list[list[float]]:
    """An interval as matplotlib takes it: how far below the mean, and how far above."""
    return [[test["mean"] - test["low"]], [test["high"] - test["mean"]]]


# ---------------------------------------------------------------- series


def _draw_series(axes: Any, curve: Curve, place: int, beside: float) -> None:
    """One series: its runs thin, their mean bold with its intervals, the mean on validation dashed."""
    colour, marker, rounds = COLOURS[place], MARKERS[place], curve.document["rounds"]
    for run in curve.document["runs"]:
        _draw_thin(axes, run["rounds"][: len(rounds)], colour, marker, beside)
    places = [made["round"] + beside for made in rounds]
    means = [made["test"]["mean"] for made in rounds]
    axes.plot(places, [made["validation"]["mean"] for made in rounds], color=colour, ls=(0, (4, 2)), lw=1.1, zorder=3)
    bars = [_bars_of(made, curve.document) for made in rounds]
    yerr = [[bar[side] for bar in bars] for side in (0, 1)]
    axes.errorbar(
        places, means, yerr=yerr, color=colour, marker=marker, ms=6, lw=2.2, elinewidth=1.4, capsize=3, zorder=4,
        label=_plain(_legend_line(curve)),
    )  # fmt: skip


def _draw_thin(axes: Any, rounds: Sequence[dict[str, Any]], colour: str, marker: str, beside: float) -> None:
    """One run: filled where the proposal was accepted, hollow where it was rejected, a dot where there was none."""
    places = [made["round"] + beside for made in rounds]
    axes.plot(places, [made["test"]["mean"] for made in rounds], color=colour, lw=0.6, alpha=0.45, zorder=1)
    for x, made in zip(places, rounds, strict=True):
        if (ended := ending(made)) == "seed":
            continue
        shape = "." if ended == "no_proposal" else marker
        face = "white" if ended == "rejected" else colour
        axes.plot(x, made["test"]["mean"], shape, color=colour, mfc=face, ms=3.5, mew=0.7, alpha=0.7, zorder=5)


def _bars_of(made: dict[str, Any], document: dict[str, Any]) -> tuple[float, float]:
    """How far an interval reaches below and above the mean: over runs, or over the repeats of the only run."""
    test = made["test"] if made["test"]["n"] > 1 else document["runs"][0]["rounds"][made["round"]]["test"]
    [below], [above] = _error_bars(test)
    return below, above


def _legend_line(curve: Curve) -> str:
    document = curve.document
    n = document["runs_finished"]
    no_language_model = [name for name, is_language_model in proposers(document) if not is_language_model]
    which = f" ({' and '.join(no_language_model)})" if document.get("inner_model") else ""
    note = f", not a language model{which}" if no_language_model else ""
    bars = "" if n > 1 else f", bars over its {document['rounds'][0]['test_repeats']} repeats"
    unsandboxed = f", {UNSANDBOXED}" if document["isolation"] == "unsandboxed" else ""
    return f"{curve.label}{note}: {n} run{'' if n == 1 else 's'}{bars}{unsandboxed}"


def _draw_fresh(axes: Any, document: dict[str, Any], place: int, beside: float) -> None:
    """The comparison at the end of each run, small, and its mean over runs with the interval."""
    colour, marker = COLOURS[place], MARKERS[place]
    for x, key in enumerate(MEASURED):
        runs = [run[key]["test"] for run in document["runs"]]
        axes.plot(
            [x + beside - 0.8 * BESIDE] * len(runs), [test["mean"] for test in runs], marker, color=colour, ms=3, mew=0,
            alpha=0.4,
        )  # fmt: skip
        test = document[key]["test"] if len(runs) > 1 else runs[0]
        axes.errorbar(
            x + beside, test["mean"], yerr=_error_bars(test), fmt=marker, color=colour, ms=6, elinewidth=1.4, capsize=3
        )


def _label_rounds(axes: Any, documents: Sequence[dict[str, Any]]) -> None:
    n_rounds = max(len(document["rounds"]) for document in documents)
    _number_rounds(axes, n_rounds)
    axes.set_xlim(-0.3, n_rounds - 0.7)
    axes.set_xlabel("round")
    axes.set_ylabel("meta-utility, mean and 95 % interval over runs")
    axes.set_title(f"per round, n = {_common(documents, 'test_repeats')} test repeats in each run", fontsize=9)


def _common(documents: Sequence[dict[str, Any]], name: str) -> str:
    """A number of repeats that all series have, or all that there are."""
    numbers = {document[name] if name in document else document["rounds"][0][name] for document in documents}
    return " or ".join(map(str, sorted(numbers)))
