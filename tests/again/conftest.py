"""Small runs on a tiny task, a store for each test, and models and runs that go on in another life."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from selftaught.again.resume import resume
from selftaught.analysis.compare import run_compare
from selftaught.analysis.transfer import run_transfer
from selftaught.experiment import run_stop
from selftaught.improver import bundled_improver
from selftaught.models import registry
from selftaught.models.provider import Fault
from selftaught.models.remote import RemoteModel
from selftaught.progress import Progress
from selftaught.settings import (
    CompareSettings,
    ImproveSettings,
    ResumeSettings,
    RunSettings,
    TransferSettings,
    checked_settings,
)
from selftaught.single import improve
from selftaught.source import rng_seed_of
from selftaught.store import Store
from selftaught.store.clock import now

from ..models.scripted_provider import ScriptedProvider, fault, texts
from .lives import program_of

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


@pytest.fixture
def asked(monkeypatch):
    """What the provider of the model `scripted` was asked. Its answers follow from what it is asked alone."""
    asked = []

    def answer(prompt, _):
        asked.append(prompt)
        factors = [1 + rng_seed_of(prompt.rng_seed, sample) % 1000 / 1000 for sample in range(prompt.n_samples)]
        return texts(*(program_of(prompt, factor) for factor in factors))

    def make(context):
        return RemoteModel(ScriptedProvider(answer, seconds=0.03), context)

    monkeypatch.setitem(registry._MODELS, "scripted", (ScriptedProvider(answer).info, make))
    return asked


@pytest.fixture
def failing(monkeypatch):
    """The model `failing`: every third of its answers, by what is asked, is none, and may be paid for."""

    def answer(prompt, _):
        if rng_seed_of(prompt.message, prompt.rng_seed) % 3 == 0:
            return fault(Fault.BROKEN, "half an answer")
        return texts(*(program_of(prompt, 1 + sample / 10) for sample in range(prompt.n_samples)))

    def make(context):
        return RemoteModel(ScriptedProvider(answer, seconds=0.01), context)

    monkeypatch.setitem(registry._MODELS, "failing", (ScriptedProvider(answer).info, make))


@pytest.fixture
def resumed(run, doubling):
    """`resumed(path, ...)`: the document of the one run of a store, taken up again."""

    def resumed(path, *, tasks=None, progress=None, **settings):
        with Store.open(path, clock=now) as store:
            [record] = store.runs()
            record = store.run(record.run_id)
            chosen = ResumeSettings(**settings)
            work = resume(record, store, progress or Progress(), chosen, tasks=tasks or [doubling])
            return json.loads(json.dumps(run(work)))

    return resumed
