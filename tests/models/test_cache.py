"""The same run again is free: over the same store and from the same `rng_seed` nothing is asked a second time."""

from __future__ import annotations

import dataclasses
import itertools

import pytest

from selftaught.experiment import run_stop
from selftaught.ledger import NOTHING
from selftaught.models import registry
from selftaught.models.remote import RemoteModel
from selftaught.progress import Progress
from selftaught.settings import RunSettings, checked_settings
from selftaught.store import Store
from selftaught.store.clock import now

from .scripted_provider import ScriptedProvider, texts

SETTINGS = {
    "model": "scripted", "rounds": 1, "repeats": 1, "gate_repeats": 2, "test_repeats": 1, "fresh_repeats": 2,
    "budget_calls": 2, "budget_responses": 2, "budget_utility": 5, "meta_budget_calls": 1, "meta_budget_responses": 2,
    "meta_budget_utility": 3, "rng_seed": 7, "workers": 2,
}  # fmt: skip


@pytest.fixture
def asked(monkeypatch):
    """What the provider was asked for; no two of its answers are alike, so a run that asked again would differ."""
    asked, numbers = [], itertools.count()

    def answer(prompt, _):
        asked.append(prompt)
        return texts(*(program(next(numbers)) for _ in range(prompt.n_samples)))

    def make(context):
        return RemoteModel(ScriptedProvider(answer, seconds=0.0), context)

    monkeypatch.setitem(registry._MODELS, "scripted", (ScriptedProvider(answer).info, make))
    return asked


def program(number):
    return f"```python\ndef double(numbers):\n    return [{1 + number / 1000} * number for number in numbers]\n```"


@pytest.fixture
def run_in(run, doubling):
    """`run_in(store, ...)`: the document of a run on `doubling`."""

    def run_in(store, **settings):
        checked = checked_settings(RunSettings, **{**SETTINGS, **settings})
        return run(run_stop([doubling], checked, store, Progress()))

    return run_in


def figures(value):
    """A document without what says when, and how much of it was known already."""
    if isinstance(value, list):
        return [figures(item) for item in value]
    if not isinstance(value, dict):
        return value
    beside = ("run_id", "seconds", "spending", "responses_known")
    return {name: figures(item) for name, item in value.items() if name not in beside}


def test_the_same_run_again_asks_nothing_and_says_the_same(run_in, store, path, asked):
    first = run_in(store)
    assert len(asked) == store.counts(first["run_id"])["exchanges"] > 5
    spent = store.spent(first["run_id"])
    counted = ("tokens_in", "tokens_out", "n_unpriced")
    assert {name: first["spending"][name] for name in counted} == {name: getattr(spent, name) for name in counted}
    assert spent.tokens_out == 20 * len(asked) > 0
    store.close()
    del asked[:]
    with Store.open(path, clock=now) as again:
        second = run_in(again)
        assert asked == []
        assert figures(second) == figures(first)
        assert again.spent(second["run_id"]) == NOTHING
        assert again.counts(second["run_id"])["model_calls"] == again.counts(first["run_id"])["model_calls"]


@pytest.mark.parametrize("other", [{"rng_seed": 8}, {"fresh_answers": True}], ids=["another rng_seed", "fresh answers"])
def test_another_rng_seed_and_fresh_answers_ask_anew(run_in, store, asked, other):
    run_in(store)
    n_asked = len(asked)
    run_in(store, **other)
    assert len(asked) > n_asked * 1.5


def test_another_store_knows_nothing(run_in, store, tmp_path, asked):
    run_in(store)
    n_asked = len(asked)
    with Store.open(tmp_path / "other.db", clock=now) as other:
        run_in(other)
    assert len(asked) > n_asked * 1.5


def test_what_more_rounds_have_in_common_with_fewer_is_known(run_in, store, asked):
    shorter = run_in(store, rounds=0)
    n_asked = len(asked)
    longer = run_in(store, rounds=1)
    own = store.counts(longer["run_id"])["model_calls"] - store.counts(shorter["run_id"])["model_calls"]
    assert 0 < len(asked) - n_asked <= own
    assert longer["rounds"][0] == shorter["rounds"][0]


def test_the_embedded_model_needs_no_book(run_in, store, run, doubling):
    document = run_in(store, model="gp", rounds=0)
    assert store.counts(document["run_id"])["exchanges"] == 0
    assert dataclasses.asdict(store.spent(document["run_id"])) == dataclasses.asdict(NOTHING)
