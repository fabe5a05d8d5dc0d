"""A series that was killed goes on with its runs, and with what they have spent together."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from selftaught.again.resume import resume_series
from selftaught.analysis.series import run_series
from selftaught.errors import RunBudgetExceeded
from selftaught.progress import Progress
from selftaught.settings import ResumeSettings, RunSettings, checked_settings
from selftaught.store import Store
from selftaught.store.clock import now

from .lives import SETTINGS, Copies, assert_nothing_stands_twice, bury, figures, rows


@pytest.fixture
def series_of(run, doubling):
    """`series_of(path)`: the document of a series of two runs."""

    @contextlib.contextmanager
    def shown(place, rng_seed) -> Iterator[Progress]:
        yield Progress()

    def series_of(path, goes_on=False, **limits):
        with Store.open(path, clock=now) as store:
            if goes_on:
                record = next(run for run in store.runs() if run.config["kind"] == "series")
                work = resume_series(store.run(record.run_id), store, shown, ResumeSettings(**limits), tasks=[doubling])
            else:
                settings = checked_settings(RunSettings, **SETTINGS, model="scripted")
                work = run_series([doubling], settings, 2, store, shown)
            return json.loads(json.dumps(run(work)))

    return series_of


def test_a_series_goes_on_with_its_runs(series_of, path, tmp_path, asked):
    Store.open(path, clock=now).close()
    with Copies(path, tmp_path) as copies:
        document = series_of(path)
    n_asked = len(asked)
    chosen = copies.of_a_run(4)
    assert {rows(copy, "runs") for copy in chosen} >= {2, 3}, "in one the second run has not begun, in another it has"
    for copy in chosen:
        bury(copy)
        del asked[:]
        before = rows(copy, "exchanges")
        again = series_of(copy, goes_on=True)
        assert figures(again) == figures(document)
        assert len(asked) == n_asked - before
        assert_nothing_stands_twice(copy)
        with Store.open(copy, clock=now) as store:
            assert [run.status for run in store.runs()] == ["finished"] * 3


def test_what_any_run_of_a_series_has_spent_is_spent_when_another_goes_on(series_of, path, tmp_path, asked):
    Store.open(path, clock=now).close()
    with Copies(path, tmp_path) as copies:
        series_of(path)
    copy = next(copy for copy in copies.of_a_run(1000) if rows(copy, "runs") == 3)
    bury(copy)
    with closing(sqlite3.connect(copy)) as connection, connection:
        [first, second] = [
            run_id
            for run_id, config in connection.execute("SELECT run_id, config FROM runs ORDER BY created_at")
            if json.loads(config)["kind"] == "run"
        ]
        connection.execute("UPDATE runs SET status = 'failed' WHERE run_id = ?", (first,))
        for table in ("model_calls", "journal", "evaluations", "improvements"):
            connection.execute(f"DELETE FROM {table} WHERE run_id = ?", (first,))
        connection.execute("DELETE FROM answers")
        counted = "tokens_cached, tokens_out, tokens_reasoning, cost_usd, n_unpriced, n_miscounted, seconds"
        connection.execute(
            f"INSERT INTO exchanges (id, run_id, key, tokens_in, {counted}, model, created_at) "
            "SELECT 'dear', ?, 'k', 1000000, 0, 0, 0, 0, 0, 0, 0, model, created_at FROM exchanges LIMIT 1",
            (second,),
        )
    del asked[:]
    with pytest.raises(RunBudgetExceeded, match="has spent 1,0"):
        series_of(copy, goes_on=True, max_tokens=1_000_000)
    assert asked == [], "the first run of it asks for nothing that the second has left no room for"
