"""The same run again is free: over the same store and from the same `rng_seed` nothing is asked a second time."""

from __future__ import annotations

import dataclasses

import pytest

from selftaught.budget import Budget
from selftaught.experiment import run_stop
from selftaught.ledger import NOTHING, Spending
from selftaught.models import LanguageModel, ModelInfo, Reply, Sample, registry
from selftaught.models.answer_book import answer_key
from selftaught.progress import Progress
from selftaught.settings import RunSettings, checked_settings
from selftaught.store import Store
from selftaught.store.clock import now

INFO = ModelInfo(name="counted", summary="counts what it is asked", is_language_model=True, version="1")
SETTINGS = {
    "model": "counted", "rounds": 1, "repeats": 1, "gate_repeats": 2, "test_repeats": 1, "fresh_repeats": 2,
    "budget_calls": 2, "budget_responses": 2, "budget_utility": 5, "meta_budget_calls": 1, "meta_budget_responses": 2,
    "meta_budget_utility": 3, "rng_seed": 7, "workers": 2,
}  # fmt: skip


class Counted(LanguageModel):
    """A model that costs something, and keeps its answers in the book that it is given; no two answers are alike."""

    info = INFO
    improvement_budget = meta_budget = Budget(calls=2, responses=2, utility_calls=5)

    def __init__(self, context, asked):
        self._context = context
        self._asked = asked

    async def answer(self, request):
        samples, spent, n_known = [], NOTHING, 0
        for index in range(len(request.messages)):
            key = answer_key(self.info.name, self._context.rng_seed, request, index)
            known = dict(await self._context.book.known(key))
            n_known += len(known)
            if not known:
                spending = Spending(tokens_in=10, tokens_out=request.n_responses, cost_usd=0.5)
                for number in range(request.n_responses):
                    self._asked.append(key)
                    known[number] = Sample(text=program(len(self._asked)))
                await self._context.book.keep(key, known, spending)
                spent += spending
            samples += [known[number] for number in sorted(known)]
        return Reply(samples=tuple(samples), spending=spent, n_known=n_known)


def program(number):
    return f"```python\ndef double(numbers):\n    return [{1 + number % 7 / 10} * number for number in numbers]\n```"


@pytest.fixture
def asked(monkeypatch):
    """What the model was asked for, key by key."""
    asked = []
    monkeypatch.setitem(registry._MODELS, "counted", (INFO, lambda context: Counted(context, asked)))
    return asked


@pytest.fixture
def run_in(run, doubling):
    """`run_in(store, ...)`: the document of a run on `doubling`."""

    def run_in(store, **settings):
        checked = checked_settings(RunSettings, **{**SETTINGS, **settings})
        return run(run_stop([doubling], checked, store, Progress()))

    return run_in


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store.db"


@pytest.fixture
def store(path):
    with Store.open(path, clock=now) as opened:
        yield opened


def figures(document):
    spent = {**document["budget"], "seconds": None}
    return {**document, "run_id": None, "budget": spent}


def test_the_same_run_again_asks_nothing_and_says_the_same(run_in, store, path, asked):
    first = run_in(store)
    assert len(asked) == store.spent(first["run_id"]).tokens_out > 10
    assert len(set(asked)) * 2 == len(asked), "each message was asked for its two samples once"
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
    assert len(asked) - n_asked <= own * 2
    assert longer["rounds"][0] == shorter["rounds"][0]


def test_the_embedded_model_needs_no_book(run_in, store, run, doubling):
    document = run_in(store, model="gp", rounds=0)
    assert store.counts(document["run_id"])["exchanges"] == 0
    assert dataclasses.asdict(store.spent(document["run_id"])) == dataclasses.asdict(NOTHING)
