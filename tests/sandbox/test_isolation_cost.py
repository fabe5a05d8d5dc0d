"""The benchmark of what isolation costs tells noise from cost by a second sandbox without layers."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path
from typing import Any

PATH = Path(__file__).resolve().parents[2] / "benchmarks" / "isolation_cost.py"
KINDS = ("nothing", "dispatch")


def benchmark() -> Any:
    spec = importlib.util.spec_from_file_location("isolation_cost", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def lines(**factors: float) -> dict[tuple[str, str], str]:
    """What is told of measurements in which arms take so many times as long, with noise of some per cent."""
    module, noise = benchmark(), random.Random(0)
    seconds = {
        (kind, arm): [1e-3 * factors.get(arm, 1.0) * noise.uniform(0.95, 1.05) for _ in range(40)]
        for kind in KINDS
        for arm in module.ARMS
    }
    return {tuple(line.split()[:2]): line for line in module.lines_of(seconds)}


def test_there_is_a_line_for_every_arm_on_every_kind():
    assert set(lines()) == {(kind, arm) for kind in KINDS for arm in benchmark().ARMS}


def test_what_costs_more_than_noise_is_said_to_and_nothing_else():
    told = lines(sealed=1.3)
    for (kind, arm), line in told.items():
        assert ("more than noise" in line) == (arm == "sealed"), (kind, line)
    assert "1.3" in told["nothing", "sealed"]
