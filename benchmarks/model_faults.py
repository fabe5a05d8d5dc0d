"""Has a server of chat completions fail in every way, and prints what happened as a table in Markdown.

    .venv/bin/python benchmarks/model_faults.py
    .venv/bin/python benchmarks/model_faults.py --write docs/models.md

With `--write FILE` the table replaces what stands between `<!-- faults:begin -->` and `<!-- faults:end -->` in a file.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from model_faults.cases import CASES  # noqa: E402 - it stands beside the tests
from model_faults.measure import Measured, measure  # noqa: E402

BEGIN, END = "<!-- faults:begin -->", "<!-- faults:end -->"


def main() -> None:
    """Nothing; prints or writes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path, metavar="FILE")
    order = parser.parse_args()
    text = "\n".join(table())
    if not order.write:
        print(text)
        return
    before, _, rest = order.write.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    order.write.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def table() -> Iterator[str]:
    """Yields the lines of the table."""
    yield "| the provider | requests | what happened |"
    yield "|---|---:|---|"
    for case in CASES:
        measured = measure(case)
        # How many fit into a time differs from run to run.
        requests = str(measured.n_requests) if case.n_requests is not None else "some"
        yield f"| {case.name} | {requests} | {happened(measured)} |"


def happened(measured: Measured) -> str:
    """What happened, in words."""
    marks = Counter(str(finish).replace("_", " ") for finish in measured.finishes)
    samples = ", ".join(f"{count} {mark}" for mark, count in sorted(marks.items()))
    notes = []
    if any(measured.told) and measured.ends == "answered":
        notes.append("a person was told to wait")
    if measured.ends == "the run ends" and measured.n_kept:
        notes.append(f"{measured.n_kept} samples are kept")
    if measured.spent.n_miscounted:
        notes.append(f"marked as miscounted; {measured.spent.tokens_in} + {measured.spent.tokens_out} tokens entered")
    if measured.spent.n_unpriced:
        notes.append(f"the cost of {measured.spent.n_unpriced} is unknown")
    what = f"**answered**: {samples}" if measured.ends == "answered" else f"**{measured.ends}**: {plain(measured)}"
    return "; ".join([what, *notes])


def plain(measured: Measured) -> str:
    """The sentence, without what differs from run to run."""
    sentence = re.sub(r"http://127\.0\.0\.1:\d+", "http://127.0.0.1:PORT", measured.sentence)
    sentence = re.sub(r"\d\d:\d\d:\d\d", "HH:MM:SS", sentence)
    return sentence.replace("|", r"\|").replace("<", "&lt;")


if __name__ == "__main__":
    main()
