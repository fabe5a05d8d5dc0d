"""A store on a database server: what differs from a file, and in which words it fails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import create_engine, text

from selftaught.errors import StoreError
from selftaught.store import RunStart, Store

Clock = Callable[[], datetime]


def make_store(location: str, clock: Clock) -> Store:
    store = Store.open(location, clock=clock)
    store.start_run(RunStart(run_id="r-1", config={}))
    store.flush()
    return store


def test_reading_creates_nothing(postgresql: str, clock: Clock) -> None:
    with pytest.raises(StoreError, match="is empty: a run fills it"):
        Store.open(postgresql, read_only=True, clock=clock)
    make_store(postgresql, clock).close()
    with Store.open(postgresql, read_only=True, clock=clock) as store:
        assert [run.run_id for run in store.runs()] == ["r-1"]
        store.start_run(RunStart(run_id="r-2", config={}))
        with pytest.raises(StoreError, match="opened for reading only"):
            store.flush()
        with pytest.raises(StoreError, match="opened for reading only"):
            store.close()


def test_one_question_sees_one_state(postgresql: str, clock: Clock) -> None:
    with make_store(postgresql, clock) as store, store._database.reading() as inside:
        count = text("SELECT count(*) FROM runs")
        assert inside.scalar(count) == 1
        store.start_run(RunStart(run_id="r-2", config={}))
        store.flush()
        assert inside.scalar(count) == 1


def test_connections_that_were_cut_are_made_anew(postgresql: str, clock: Clock) -> None:
    with make_store(postgresql, clock) as store:
        engine = create_engine(postgresql)
        with engine.connect() as connection:
            others = "pid <> pg_backend_pid() AND datname = current_database()"
            cut = connection.scalar(
                text(f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE {others}")
            )
        engine.dispose()
        assert cut
        store.start_run(RunStart(run_id="r-2", config={}))
        assert {run.run_id for run in store.runs()} == {"r-1", "r-2"}


def test_a_server_that_is_not_there(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> None:
    nowhere = tmp_path_factory.mktemp("no")
    with pytest.raises(StoreError, match=r"cannot be reached .* see that it is up"):
        Store.open(f"postgresql+psycopg://tester:secret@/postgres?host={nowhere}", clock=clock)
    with pytest.raises(StoreError) as raised:
        Store.open(f"postgresql+psycopg://tester:secret@/postgres?host={nowhere}", clock=clock)
    assert "secret" not in str(raised.value)


def test_a_database_that_is_not_there(postgresql: str, clock: Clock) -> None:
    with pytest.raises(StoreError, match="does not exist"):
        Store.open(postgresql.replace("/store_", "/nosuch_"), clock=clock)


def test_a_user_who_may_not_write(postgresql: str, clock: Clock) -> None:
    make_store(postgresql, clock).close()
    engine = create_engine(postgresql, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE ROLE visitor LOGIN"))
        connection.execute(text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO visitor"))
        try:
            as_visitor = postgresql.replace("tester@", "visitor@")
            with Store.open(as_visitor, read_only=True, clock=clock) as store:
                assert [run.run_id for run in store.runs()] == ["r-1"]
            with pytest.raises(StoreError, match=r"permission denied .* let this user write there"):
                Store.open(as_visitor, clock=clock)
        finally:
            connection.execute(text("DROP OWNED BY visitor"))
            connection.execute(text("DROP ROLE visitor"))
    engine.dispose()
