"""A store in a temporary folder or on a PostgreSQL of the tests' own, with a clock that ticks a millisecond a look."""

from __future__ import annotations

import itertools
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from selftaught.store import ImprovementRecord, RunStart, Store


def make_clock() -> Callable[[], datetime]:
    start = datetime(2026, 11, 21, 5, 22, 33, tzinfo=UTC)
    ticks = itertools.count()
    return lambda: start + timedelta(milliseconds=next(ticks))


@pytest.fixture
def clock() -> Callable[[], datetime]:
    return make_clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs 100% #1?.db"


@pytest.fixture
def store(path: Path, clock: Callable[[], datetime]) -> Iterator[Store]:
    with Store.open(path, clock=clock, busy_seconds=0.3) as opened:
        yield opened


@pytest.fixture
def run_id(store: Store) -> str:
    """A run with one improvement, `first`."""
    store.start_run(RunStart(run_id="r-20261121-052233-ab12", config={"task": "dispatch"}, isolation="full"))
    program = store.add_program("def improve_algorithm(s, u, l): return s", "improver")
    store.start_improvement(
        ImprovementRecord(
            id="first",
            run_id="r-20261121-052233-ab12",
            path="round-1",
            improver=program,
            task="dispatch",
            split="validation",
            initial=program,
        )
    )
    return "r-20261121-052233-ab12"


POSTGRESQL_FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
IS_NEEDED = "SELFTAUGHT_TESTS_NEED_POSTGRESQL"
"""Where this is set, as in continuous integration, a machine without PostgreSQL fails the tests."""


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of a database server that nobody else uses, reached by a socket in a folder, never by the network."""
    if not POSTGRESQL_FOLDERS:
        missing = "PostgreSQL is not installed here: apt-get install postgresql"
        if os.environ.get(IS_NEEDED):
            pytest.fail(missing)
        pytest.skip(missing)
    as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    programs = POSTGRESQL_FOLDERS[-1]
    folder = Path(tempfile.mkdtemp(prefix="selftaught-pg-"))  # a socket's path is short, and pytest's folders are long
    data, log = folder / "data", folder / "log"
    if as_user:
        shutil.chown(folder, "postgres", "postgres")

    def call(program: str, *arguments: object) -> None:
        command = [*as_user, str(programs / program), *map(str, arguments)]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)

    call("initdb", "--pgdata", data, "--username", "tester", "--auth", "trust", "--no-sync", "--encoding", "UTF8")
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    call("pg_ctl", "--pgdata", data, "--log", log, "--wait", "--options", options, "start")
    try:
        yield f"postgresql+psycopg://tester@/postgres?host={folder}"
    finally:
        call("pg_ctl", "--pgdata", data, "--wait", "--mode", "immediate", "stop")
        shutil.rmtree(folder)


@pytest.fixture
def postgresql(postgresql_server: str) -> Iterator[str]:
    """The address of an empty database."""
    name = f"store_{secrets.token_hex(8)}"
    engine = create_engine(postgresql_server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield postgresql_server.replace("/postgres?", f"/{name}?")
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()
