"""Small runs on a tiny task, and a store for each test."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from selftaught.analysis.compare import run_compare
from selftaught.analysis.transfer import run_transfer
from selftaught.experiment import run_stop
from selftaught.improver import bundled_improver
from selftaught.progress import Progress
from selftaught.settings import CompareSettings, ImproveSettings, RunSettings, TransferSettings, checked_settings
from selftaught.single import improve

BUDGETS = {"budget_calls": 2, "budget_responses": 3, "budget_utility": 6, "rng_seed": 3, "workers": 2}
META_BUDGETS = {"meta_budget_calls": 1, "meta_budget_responses": 3, "meta_budget_utility": 3}
ROUNDS = {"rounds": 1, "repeats": 1, "gate_repeats": 2, "test_repeats": 1, "fresh_repeats": 2}

Runner = Callable[..., dict[str, Any]]


@pytest.fixture
def made(run, store, doubling) -> Runner:
    """`made(kind, ...)`: the document of a small run of that kind, recorded in the store."""

    def made(kind: str = "run", *, tasks: Any = None, **settings: Any) -> dict[str, Any]:
        found = tasks or [doubling]
        match kind:
            case "run":
                checked = checked_settings(RunSettings, **{**BUDGETS, **META_BUDGETS, **ROUNDS, **settings})
                work = run_stop(found, checked, store, Progress())
            case "improve":
                work = improve(found[0], checked_settings(ImproveSettings, **{**BUDGETS, **settings}), store)
            case "transfer":
                checked = checked_settings(TransferSettings, **{**BUDGETS, "fresh_repeats": 2, **settings})
                work = run_transfer(bundled_improver("greedy"), found, checked, store, seed="# mine\n" + SEED)
            case "compare":
                checked = checked_settings(CompareSettings, **{**BUDGETS, "fresh_repeats": 2, **settings})
                improvers = {"z": SEED, "a": bundled_improver("greedy"), "again": SEED}
                work = run_compare(improvers, found, checked, store)
        return json.loads(json.dumps(run(work)))

    return made


SEED = bundled_improver("seed")
