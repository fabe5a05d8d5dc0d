"""A run that is stopped at any point, by a limit or by an interrupt, and taken up again: never over, and never below.

The provider is the judge: it sells what it answers, and it is asked for nothing that it has sold.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from selftaught.again.resume import resume
from selftaught.engine import META
from selftaught.errors import ConfigError, RunBudgetExceeded
from selftaught.experiment import run_stop
from selftaught.interrupts import Interrupted, run_until_interrupted
from selftaught.ledger import Spending
from selftaught.models.remote import RemoteModel
from selftaught.progress import Progress
from selftaught.settings import ResumeSettings, RunSettings, checked_settings
from selftaught.source import rng_seed_of, sha256_of
from selftaught.store import Store
from selftaught.store.clock import now

from ..models.scripted_provider import ScriptedProvider, texts
from .lives import SETTINGS, figures, program_of

SECONDS = 0.02
PRICES = {"price_in": 1.0, "price_out": 4.0}
AMPLE = {"max_tokens": 10**9, "max_cost": 1000.0, "max_seconds": 3600.0}
MODEL = "sold-by-the-piece"


@dataclass(kw_only=True)
class Till:
    """What the provider has sold, and when a person presses Ctrl-C.

    Attributes:
        sold: How often each exchange was sold, by what was asked.
        asked: How many exchanges were begun in this life.
        interrupt_at: The exchange of this life at whose beginning the interrupt comes; 0 for never.
    """

    sold: Counter[str] = field(default_factory=Counter)
    tokens: int = 0
    cost_usd: float = 0.0
    asked: int = 0
    interrupt_at: int = 0


TILL = Till()


class Selling(ScriptedProvider):
    """Answers from what it is asked alone, and sells when it has answered."""

    def __init__(self) -> None:
        super().__init__(answer, seconds=SECONDS)

    async def complete(self, prompt):
        TILL.asked += 1
        if TILL.asked == TILL.interrupt_at:
            os.kill(os.getpid(), signal.SIGINT)
        came = await super().complete(prompt)
        TILL.tokens += came.spending.tokens
        TILL.cost_usd += (
            came.spending.tokens_in * PRICES["price_in"] + came.spending.tokens_out * PRICES["price_out"]
        ) / 1e6
        TILL.sold[sha256_of(f"{prompt.expertise}|{prompt.message}|{prompt.rng_seed}|{prompt.n_samples}")[:8]] += 1
        return came


def answer(prompt, _):
    factors = [1 + rng_seed_of(prompt.rng_seed, sample) % 1000 / 1000 for sample in range(prompt.n_samples)]
    answers = [program_of(prompt, factor) for factor in factors]
    sent, received = len(prompt.expertise) + len(prompt.message), sum(map(len, answers))
    return texts(*answers, spending=Spending(tokens_in=sent // 3, tokens_out=received // 2))


@pytest.fixture(scope="module")
def life(registered, doubling, tmp_path_factory):
    """`life(path, ...)`: the document of one life of a run in a store, begun or taken up; None where it was stopped."""
    registered(MODEL, lambda context: RemoteModel(Selling(), context))

    def life(path: Path, **limits: Any) -> Any:
        TILL.asked = 0
        signal.signal(signal.SIGINT, signal.default_int_handler)  # an interrupted command ignores it from then on
        with Store.open(path, clock=now) as store:
            on_record = store.runs()
            if on_record:
                record = store.run(on_record[0].run_id)
                work = resume(record, store, Progress(), ResumeSettings(**limits), tasks=[doubling])
            else:
                fixed = {**SETTINGS, **PRICES, "model": MODEL, "max_output_tokens": 300, "fresh_repeats": 3}
                work = run_stop([doubling], checked_settings(RunSettings, **fixed, **limits), store, Progress())
            try:
                return json.loads(json.dumps(run_until_interrupted(work)))
            except (RunBudgetExceeded, Interrupted):
                return None

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield life
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="module")
def whole(life, tmp_path_factory):
    """The document of a run that nobody stops, and what was sold to it."""
    TILL.__init__()
    document = life(tmp_path_factory.mktemp("whole") / "store.db", **AMPLE)
    return document, replace(TILL, sold=TILL.sold.copy())


SHARES = st.floats(0.3, 1.2)
STOPS = st.one_of(
    st.builds(lambda n: {"interrupt_at": n}, st.integers(1, 22)),
    st.builds(lambda share: {"max_tokens": share}, SHARES),
    st.builds(lambda share: {"max_cost": share}, SHARES),
    st.builds(lambda seconds: {"max_seconds": seconds}, st.floats(0.1, 1.2)),
)
"""Limits of tokens and money are shares of what the whole run spends."""


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(stops=st.lists(STOPS, min_size=1, max_size=3))
@example(stops=[{"max_tokens": 0.5}, {"interrupt_at": 2}, {"max_cost": 0.9}])
@example(stops=[{"max_seconds": 0.3}, {"max_seconds": 0.6}])
def test_however_often_a_run_is_stopped_it_spends_in_all_what_it_would_have_and_never_too_much(
    life, whole, tmp_path_factory, stops
):
    expected, till = whole
    path = tmp_path_factory.mktemp("lives") / "store.db"
    TILL.__init__()
    document, n_cut_off = None, 0
    for stop in [*stops, {}]:
        limits = {**AMPLE, **stop}
        if "max_tokens" in stop:
            limits["max_tokens"] = int(stop["max_tokens"] * till.tokens)
        if "max_cost" in stop:
            limits["max_cost"] = stop["max_cost"] * till.cost_usd
        TILL.interrupt_at = limits.pop("interrupt_at", 0)
        before = TILL.sold.copy()
        try:
            document = life(path, **limits)
        except ConfigError as error:  # it was done before it could be stopped
            assert "is finished, there is nothing to go on with" in str(error)
            break
        if TILL.sold != before:
            assert TILL.tokens <= limits["max_tokens"]
            assert TILL.cost_usd <= limits["max_cost"] + 1e-12
        with closing(sqlite3.connect(path)) as connection:
            [stored] = connection.execute("SELECT sum(tokens_in + tokens_out) FROM exchanges").fetchone()
            [uncounted] = connection.execute("SELECT count(*) FROM reservations WHERE NOT is_counted").fetchone()
        assert (stored or 0) == TILL.tokens, "what is on record is what was sold"
        n_cut_off += TILL.asked - sum((TILL.sold - before).values())
        assert uncounted == n_cut_off, "nothing else stays reserved"
    assert document is not None
    assert TILL.sold == till.sold, "nothing was sold twice, and nothing that is not needed"
    spending = expected["spending"]
    if n_cut_off:  # nobody can know that the provider charges nothing for those
        spending = {**spending, "cost_usd": None, "n_unpriced": n_cut_off}
    assert figures({**document, "settings": None}) == figures({**expected, "settings": None, "spending": spending})
    assert_no_improvement_is_over(path)


def assert_no_improvement_is_over(path: Path) -> None:
    """Nothing; each improvement kept its budget in all lives together, by the calls on record and by its own count."""
    query = """
        SELECT task, budget, count(DISTINCT request_sha256 || ordinal), max(n_responses)
        FROM improvements JOIN model_calls ON improvement_id = improvements.id GROUP BY improvement_id
    """
    with closing(sqlite3.connect(path)) as connection:
        improvements = connection.execute(query).fetchall()
    assert improvements
    for task, budget, n_calls, most_responses in improvements:
        prefix, used = "meta_" if task == META else "", json.loads(budget)
        assert n_calls == used["calls"] <= SETTINGS[f"{prefix}budget_calls"]
        assert most_responses <= SETTINGS[f"{prefix}budget_responses"]
        assert used["utility_calls"] <= SETTINGS[f"{prefix}budget_utility"]
