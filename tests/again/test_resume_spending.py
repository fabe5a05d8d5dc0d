"""What a run that goes on may spend, has spent and says that it has spent: in all of its lives together."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import pytest

from selftaught.errors import RunBudgetExceeded
from selftaught.experiment import run_stop
from selftaught.ledger import NOTHING, spending_document, spending_from
from selftaught.progress import Progress
from selftaught.settings import RunSettings, checked_settings
from selftaught.store import Store
from selftaught.store.clock import now

from .lives import SETTINGS, Copies, bury, figures


def test_a_run_that_may_spend_no_more_goes_on_with_more_and_spends_in_all_what_it_would_have(
    made, resumed, path, tmp_path, asked, store, doubling
):
    short = {"model": "scripted", "max_output_tokens": 20}  # what an exchange may take at the most, beside the prompt
    whole = made("run", **short)
    n_asked, spent = len(asked), whole["spending"]["tokens_in"] + whole["spending"]["tokens_out"]
    with Store.open(tmp_path / "bounded.db", clock=now) as bounded:
        # Enough for an improvement of a solution, too little for the long prompt of one of an improver.
        settings = checked_settings(RunSettings, **SETTINGS, **short, max_tokens=3500)
        with pytest.raises(RunBudgetExceeded):
            asyncio.run(run_stop([doubling], settings, bounded, Progress()))
        [record] = bounded.runs()
        assert record.status == "interrupted"
        first = bounded.spent(record.run_id)
    assert 0 < first.tokens < spent
    assert n_asked < len(asked) < 2 * n_asked
    with pytest.raises(RunBudgetExceeded):
        resumed(tmp_path / "bounded.db")
    with pytest.raises(RunBudgetExceeded, match="3,600 tokens"):
        resumed(tmp_path / "bounded.db", max_tokens=3600)
    with pytest.raises(RunBudgetExceeded, match="3,600 tokens"):
        resumed(tmp_path / "bounded.db")  # what was told last holds
    progress = Progress()
    document = resumed(tmp_path / "bounded.db", max_tokens=10**9, progress=progress)
    assert len(asked) == 2 * n_asked
    assert figures({**document, "settings": None}) == figures({**whole, "settings": None})
    assert progress.spending.tokens == spent


def test_what_was_in_flight_when_a_run_was_killed_may_be_paid_and_is_not_spent_again(
    made, resumed, path, tmp_path, asked, store
):
    prices = {"price_in": 1.0, "price_out": 4.0}
    with Copies(path, tmp_path) as copies:
        document = made("run", model="scripted", **prices)
    assert store.uncounted(document["run_id"]) == NOTHING, "in the end nothing is reserved"
    in_flight = "SELECT count(*) FROM reservations WHERE NOT is_counted"
    for copy in copies.of_a_run(1000):
        with closing(sqlite3.connect(copy)) as connection:
            [n_in_flight] = connection.execute(in_flight).fetchone()
        if n_in_flight:
            break
    bury(copy)
    with Store.open(copy, clock=now) as there:
        spent, uncounted = (of(document["run_id"]) for of in (there.spent, there.uncounted))
    assert uncounted.tokens > 0
    assert uncounted.cost_usd > 0
    n_asked = len(asked)
    with pytest.raises(RunBudgetExceeded, match=f"and maybe {uncounted.tokens:,} more that nobody counted"):
        resumed(copy, max_tokens=spent.tokens + uncounted.tokens)
    assert len(asked) == n_asked
    again = resumed(copy, max_tokens=10**9)
    unknown = {**document["spending"], "cost_usd": None, "n_unpriced": n_in_flight}
    assert figures({**again, "settings": None}) == figures({**document, "settings": None, "spending": unknown})


def test_what_calls_that_failed_have_cost_is_counted_once_by_a_run_that_goes_on(
    made, resumed, path, tmp_path, asked, failing
):
    with Copies(path, tmp_path) as copies:
        document = made("compare", model="failing")
    whole = [row["used"] for row in document["improvers"]]
    together = sum((spending_from(used["spending"]) for used in whole), NOTHING)
    assert spending_document(together)["n_unpriced"] == document["spending"]["n_unpriced"] > 0
    for copy in copies.of_a_run(4):
        bury(copy)
        assert figures(resumed(copy)) == figures(document)
