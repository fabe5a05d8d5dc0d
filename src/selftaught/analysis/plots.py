"""Figures of runs, for papers and pages. The only place that loads matplotlib."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from selftaught.errors import ConfigError

FORMATS = (".svg", ".pdf", ".png")


def plot_rounds(document: dict[str, Any], path: Path) -> None:
    """Nothing; writes the test meta-utility per round, beside the comparison on fresh repeats.

    Args:
        document: What `run --json` prints.
        path: Where to; its ending decides the format: .svg, .pdf or .png.

    Raises:
        ConfigError: The ending is another, or matplotlib is not installed.
    """
    if path.suffix not in FORMATS:
        raise ConfigError(f"{path} should end in {', '.join(FORMATS)}")
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ConfigError("figures need matplotlib: install selftaught[figures]") from None
    figure = Figure(figsize=(7.2, 3.2), layout="constrained")
    curve, bars = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    _draw_curve(curve, document)
    _draw_comparison(bars, document)
    proposer = document["model"] if document["is_language_model"] else f"{document['model']} (not a language model)"
    mark = ", UNSANDBOXED" if document["isolation"] == "unsandboxed" else ""
    figure.suptitle(f"{document['task']}, {proposer}, rng seed {document['rng_seed']}{mark}", fontsize=10)
    # Without a date, the same run makes the same file.
    figure.savefig(path, dpi=160, metadata={"Date": None} if path.suffix == ".svg" else None)


def _draw_curve(axes: Any, document: dict[str, Any]) -> None:
    rounds = document["rounds"]
    numbers = [made["round"] for made in rounds]
    axes.plot(numbers, [made["test"]["mean"] for made in rounds], color="C0", zorder=1)
    for made in rounds:
        test, is_new = made["test"], made["accepted"]
        face = "C0" if is_new else "white"
        axes.errorbar(
            made["round"], test["mean"], yerr=_error_bars(test), fmt="o", color="C0", markerfacecolor=face, capsize=3
        )
    axes.set_xticks(numbers)
    axes.set_xlabel("round (hollow: proposal not accepted)")
    axes.set_ylabel("test meta-utility, 95 % interval")
    axes.set_title(f"per round, n = {rounds[0]['test']['n']}", fontsize=9)


def _draw_comparison(axes: Any, document: dict[str, Any]) -> None:
    labels = ("seed\nimprover", "best-of-n", "improved")
    for index, key in enumerate(("seed_improver", "best_of_n", "improver")):
        test = document[key]["test"]
        axes.errorbar(index, test["mean"], yerr=_error_bars(test), fmt="s", color=f"C{index + 1}", capsize=3)
    axes.set_xticks(range(3), labels)
    axes.set_xlim(-0.5, 2.5)
    axes.set_title(f"fresh repeats, n = {document['gain']['n']}", fontsize=9)


def _error_bars(test: dict[str, float]) -> list[list[float]]:
    """An interval as matplotlib takes it: how far below the mean, and how far above."""
    return [[test["mean"] - test["low"]], [test["high"] - test["mean"]]]
