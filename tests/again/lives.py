"""What tests of runs that go on share: small settings, a model's programs, and a store as it was at any moment.

What a kill leaves behind is what had been committed by then: the file as it is at some moment. So a run is made once,
its store is copied again and again meanwhile, and from every copy the run is taken up.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from selftaught.store import processes

COPY_SECONDS = 0.03
SETTINGS = {
    "rounds": 1, "repeats": 1, "gate_repeats": 2, "test_repeats": 1, "fresh_repeats": 2, "rng_seed": 3, "workers": 2,
    "budget_calls": 2, "budget_responses": 3, "budget_utility": 6, "meta_budget_calls": 1, "meta_budget_responses": 3,
    "meta_budget_utility": 3,
}  # fmt: skip


def program_of(prompt, factor):
    """A solution, or where an improver is to be improved, an improver."""
    if "def improve_algorithm" not in prompt.message:
        return f"```python\ndef double(numbers):\n    return [{factor} * number for number in numbers]\n```"
    return (
        "```python\nfrom helpers import extract_code\n"
        "def improve_algorithm(initial_solution, utility, language_model):\n"
        f"    best = initial_solution\n    for step in range(2):\n"
        f"        answers = extract_code(language_model.prompt('e {factor}', best, n_responses=2))\n"
        "        best = max([best, *answers], key=utility)\n    return best\n```"
    )


class Copies:
    """Copies a store again and again, as it is at that moment, while it is in the context."""

    def __init__(self, path: Path, folder: Path) -> None:
        self._path, self._folder = path, folder
        self.paths: list[Path] = []
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._copy)

    def __enter__(self) -> Copies:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _copy(self) -> None:
        while not self._done.wait(COPY_SECONDS):
            target = self._folder / f"copy-{len(self.paths)}.db"
            with closing(sqlite3.connect(self._path)) as source, closing(sqlite3.connect(target)) as copy:
                source.backup(copy)
            self.paths.append(target)

    def of_a_run(self, at_most: int) -> list[Path]:
        """Copies in which a run is under way, from the beginning to the end of it, no two with the same in them."""
        different = {tuple(rows(path, table) for table in TABLES): path for path in self.paths if is_under_way(path)}
        usable = list(different.values())
        return [usable[number * len(usable) // at_most] for number in range(at_most)] if usable[at_most:] else usable


def is_under_way(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        try:
            rows = connection.execute("SELECT status FROM runs").fetchall()
        except sqlite3.OperationalError:
            return False
    return ("running",) in rows


def bury(path: Path) -> None:
    """The process that the runs of a store belong to is gone."""
    gone = processes.identity()
    gone["start_ticks"] -= 1
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE runs SET process = ?", (json.dumps(gone),))


def rows(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


TWICE = {
    "evaluations": "run_id, program, task, split, key",
    "model_calls": "improvement_id, request_sha256, ordinal, message",
    "journal": "improvement_id, sequence",
    "improvements": "run_id, path, improver, task, initial",
    "rounds": "run_id, round",
    "exchanges": "run_id, key",
}


def assert_nothing_stands_twice(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for table, columns in TWICE.items():
            query = f"SELECT count(*) FROM (SELECT 1 FROM {table} GROUP BY {columns} HAVING count(*) > 1)"
            assert connection.execute(query).fetchone() == (0,), table


TABLES = (*TWICE, "violations", "answers")


def figures(value):
    """A document without ids and times."""
    if isinstance(value, list):
        return [figures(item) for item in value]
    if not isinstance(value, dict):
        return value
    beside = ("run_id", "seconds")
    return {name: figures(item) for name, item in value.items() if name not in beside}
