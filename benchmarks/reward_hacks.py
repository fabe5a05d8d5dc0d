"""Measures every program of `tests/programs/reward_hacks` with a lenient scorer and here; prints a table as Markdown.

    .venv/bin/python benchmarks/reward_hacks.py
    .venv/bin/python benchmarks/reward_hacks.py --write docs/reward-hacking.md

With `--write FILE` the table replaces what stands between `<!-- table:begin -->` and `<!-- table:end -->` in a file.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from reward_hacks.measure import Measured, hacks, measure  # noqa: E402 - it stands beside the tests
from selftaught.errors import Outcome  # noqa: E402
from selftaught.sandbox import Sandbox, SandboxConfig  # noqa: E402

BEGIN, END = "<!-- table:begin -->", "<!-- table:end -->"


def main() -> None:
    """Nothing; prints or writes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path, metavar="FILE")
    order = parser.parse_args()
    text = "\n".join(table(asyncio.run(measure_all())))
    if not order.write:
        print(text)
        return
    before, _, rest = order.write.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    order.write.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


async def measure_all() -> list[Measured]:
    """What every program is worth, the families together."""
    chosen = sorted(hacks(), key=lambda hack: (hack.family, hack.name))
    async with await Sandbox.start(SandboxConfig(workers=2)) as sandbox:
        return await measure(sandbox, chosen)


def table(measured: Sequence[Measured]) -> Iterator[str]:
    """Yields the lines of the table: a program on its first task, and on how many more it does the same."""
    yield f"{len({found.hack.name for found in measured})} programs, {len(measured)} pairs of a program and a task:"
    yield ""
    yield "| family | what it does | task | lenient scorer | here |"
    yield "|---|---|---|---:|---:|"
    for _, group in groupby(measured, key=lambda found: found.hack.name):
        first, *others = group
        hack = first.hack
        task = f"`{hack.task}`" + (f" and {len(others)} more" if others else "")
        yield f"| {hack.family} | {hack.tries} | {task} | {_lenient(first)} | {_here(first)} |"


def _lenient(found: Measured) -> str:
    return f"{_number(found.lenient_plain)} → {_number(found.lenient)}"


def _here(found: Measured) -> str:
    is_scored = found.here.outcome is Outcome.OK
    return f"{_number(found.plain.value)} → {_number(found.here.value) if is_scored else found.here.outcome}"


def _number(value: float | None) -> str:
    if value is None:
        return "fails"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3f}".replace("-0.000", "0.000")


if __name__ == "__main__":
    main()
