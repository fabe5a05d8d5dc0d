"""Runs that were killed go on to the same end; nothing that was answered or evaluated is asked or run again.

What a kill leaves behind is what had been committed by then: the file as it is at some moment. So a run is made once,
its store is copied again and again meanwhile, and from every copy the run is taken up.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from selftaught import engine, utility
from selftaught.again.resume import resume, resume_series
from selftaught.analysis.series import run_series
from selftaught.budget import Account, Budget, Usage
from selftaught.errors import ConfigError, Outcome, RunBudgetExceeded
from selftaught.experiment import run_stop
from selftaught.improver import Begun, ImproverSession
from selftaught.ledger import NOTHING, spending_document, spending_from
from selftaught.meta_utility import UtilityOnDraw
from selftaught.models import registry
from selftaught.models.provider import Fault
from selftaught.models.remote import RemoteModel
from selftaught.progress import Progress
from selftaught.settings import ResumeSettings, RunSettings, checked_settings
from selftaught.source import rng_seed_of
from selftaught.store import RunStart, Store, processes
from selftaught.store.clock import now
from selftaught.task_definition import find_task
from selftaught.utility import open_utility
from selftaught.worker.messages import PromptRequest, PromptResponse, Refusal, UtilityRequest, UtilityResponse

from ..models.scripted_provider import ScriptedProvider, fault, texts

COPY_SECONDS = 0.03
SETTINGS = {
    "rounds": 1, "repeats": 1, "gate_repeats": 2, "test_repeats": 1, "fresh_repeats": 2, "rng_seed": 3, "workers": 2,
    "budget_calls": 2, "budget_responses": 3, "budget_utility": 6, "meta_budget_calls": 1, "meta_budget_responses": 3,
    "meta_budget_utility": 3,
}  # fmt: skip
HEAD = "import random, threading, time\ndef improve_algorithm(initial_solution, utility, language_model):\n"


# ---------------------------------------------------------------- a model that can tell what it was asked


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


# ---------------------------------------------------------------- copies


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


@pytest.mark.parametrize(
    ("kind", "n_kept"),
    [("run", None), ("run", 0), ("improve", None), ("transfer", None), ("compare", None), ("compare", 0)],
)
def test_from_any_moment_a_run_goes_on_to_the_same_end_and_asks_only_for_what_is_missing(
    made, resumed, path, tmp_path, asked, monkeypatch, kind, n_kept
):
    if n_kept is not None:
        hold_in_memory(monkeypatch, n_kept)
    with Copies(path, tmp_path) as copies:
        document = made(kind, model="scripted")
    chosen = copies.of_a_run(5 if kind == "run" else 3)
    assert len(chosen) > 1
    n_asked = len(asked)
    assert n_asked == rows(path, "exchanges")
    met_midway = 0
    for copy in chosen:
        bury(copy)
        del asked[:]
        before = {table: rows(copy, table) for table in TABLES}
        met_midway += before["evaluations"] > 0 and before["journal"] < rows(path, "journal")
        again = resumed(copy)
        assert figures(again) == figures(document)
        assert len(asked) == n_asked - before["exchanges"]
        assert {table: rows(copy, table) for table in TABLES} == {table: rows(path, table) for table in TABLES}
        assert_nothing_stands_twice(copy)
    assert met_midway > 0


def hold_in_memory(monkeypatch, n_kept):
    monkeypatch.setattr(engine, "MAX_IMPROVEMENTS_KEPT", n_kept)
    monkeypatch.setattr(utility, "MAX_EVALUATIONS_KEPT", n_kept)


@pytest.mark.parametrize("kind", ["run", "compare"])
def test_a_run_that_holds_nothing_in_memory_does_and_counts_nothing_twice(made, path, monkeypatch, kind):
    document = made(kind, rounds=2) if kind == "run" else made(kind)
    before = {table: rows(path, table) for table in TABLES}
    hold_in_memory(monkeypatch, 0)
    again = made(kind, rounds=2) if kind == "run" else made(kind)
    assert figures(again) == figures(document)
    assert {table: rows(path, table) for table in TABLES} == {table: 2 * n for table, n in before.items()}


def test_a_run_that_was_killed_time_and_again_goes_on(made, resumed, path, tmp_path, asked):
    with Copies(path, tmp_path) as copies:
        document = made("run", model="scripted")
    current = copies.of_a_run(6)[0]
    for life in range(3):
        bury(current)
        before, folder = rows(current, "journal"), tmp_path / f"life-{life}"
        folder.mkdir()
        with Copies(current, folder) as copies:
            resumed(current)
        current = next(copy for copy in copies.of_a_run(1000) if rows(copy, "journal") > before + 5)
    bury(current)
    assert figures(resumed(current)) == figures(document)
    assert_nothing_stands_twice(current)
    with Store.open(current, clock=now) as store:
        notices = store.notices(document["run_id"])
    assert [(notice.kind, notice.detail) for notice in notices] == [
        ("resumed", "it had ended (interrupted: its process is gone) and was taken up again")
    ] * 4


def test_in_every_copy_what_belongs_together_is_there_together(made, path, tmp_path, asked):
    with Copies(path, tmp_path) as copies:
        made("run", model="scripted")
    calls = "SELECT count(DISTINCT improvement_id || request_sha256 || ordinal) FROM model_calls"
    answered = "SELECT count(*) FROM journal WHERE method = 'PromptRequest' AND response LIKE '%times_used%'"
    assert len(copies.of_a_run(50)) > 5
    for copy in copies.of_a_run(50):
        with closing(sqlite3.connect(copy)) as connection:
            assert connection.execute(calls).fetchone() == connection.execute(answered).fetchone()


def test_fresh_answers_are_not_asked_for_twice_by_a_run_that_goes_on(made, resumed, path, tmp_path, asked):
    made("improve", model="scripted")
    n_asked = len(asked)
    with Copies(path, tmp_path) as copies:
        made("improve", model="scripted", fresh_answers=True)
    assert len(asked) == 2 * n_asked
    usable = [copy for copy in copies.of_a_run(50) if rows(copy, "exchanges") == 2 * n_asked]
    copy = usable[0]
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("DELETE FROM runs WHERE status = 'finished'")
    bury(copy)
    resumed(copy)
    assert len(asked) == 2 * n_asked


# ---------------------------------------------------------------- budgets


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


# ---------------------------------------------------------------- programs that differ


CLOCK = HEAD + (
    "    for step in range(3):\n"
    "        language_model.prompt('e', f'{time.time_ns()}')\n"
    "        utility(initial_solution)\n"
    "    return initial_solution + '# done'\n"
)


def test_a_program_that_reads_the_clock_goes_on_with_what_is_the_same_and_a_notice_tells(
    made, resumed, path, tmp_path, asked
):
    (tmp_path / "clock.py").write_text(CLOCK)
    with Copies(path, tmp_path) as copies:
        made("improve", model="scripted", improver=str(tmp_path / "clock.py"), budget_calls=5)
    copy = next(copy for copy in copies.of_a_run(1000) if rows(copy, "journal") >= 3)
    before = rows(copy, "journal")
    bury(copy)
    del asked[:]
    told = []
    document = resumed(copy, progress=Progress(on_step=told.append))
    assert document["outcome"] == "ok"
    assert len(asked) == 3, "what it asked was never asked before"
    with Store.open(copy, clock=now) as store:
        [_, notice] = store.notices(document["run_id"])
        assert notice.kind == "diverged"
        assert f"of {before} answers on record were not asked for again" in notice.detail
        [improvement] = store.improvements(document["run_id"])
        assert improvement.budget["calls"] == 5 - (5 - 3 - (before + 1) // 2), "what was used before is used"
        assert [entry.sequence for entry in store.journal(document["run_id"], improvement.id)] == list(
            range(rows(copy, "journal"))
        )
    assert told == [notice.detail]
    assert_nothing_stands_twice(copy)


NOSY = "try:\n    open('/etc/shadow')\nexcept OSError:\n    pass\n"


def test_what_was_tried_is_not_counted_twice(made, resumed, path, tmp_path, asked, doubling):
    task = dataclasses.replace(doubling, utility_source=NOSY + doubling.utility_source)
    odd = HEAD + (
        "    utility.budget = 9\n"
        "    for number in range(4):\n"
        "        language_model.prompt('e', f'{number}')\n"
        '        utility(f\'open("/etc/passwd", "w")\\n# {number}\')\n'
        "    return initial_solution\n"
    )
    (tmp_path / "odd.py").write_text(odd)
    settings = {"model": "scripted", "improver": str(tmp_path / "odd.py"), "rounds": 0, "budget_calls": 4}
    with Copies(path, tmp_path) as copies:
        document = made("run", tasks=[task], **settings)
    kinds = {violation["kind"] for violation in document["violations"]}
    assert kinds == {"file", "read_only_view"}
    for copy in copies.of_a_run(3):
        bury(copy)
        again = resumed(copy, tasks=[task])
        assert figures(again) == figures(document)
        assert rows(copy, "violations") == rows(path, "violations")


# ---------------------------------------------------------------- one improvement


def test_what_is_on_record_is_answered_again_in_any_order_and_what_is_not_gets_an_ordinal_of_its_own(
    run, sandbox, doubling, draw, scripted_model, recorder
):
    """Of three equal requests that were in flight, the first and the third had been answered."""

    def prompt(number):
        return PromptRequest(id=number, expertise="e", messages=["m"], n_responses=1, temperature=0.7)

    use = UtilityRequest(id=9, solution=doubling.seed_solution)
    exchanges = [
        (prompt(3), PromptResponse(id=3, answers=["third"], times_used=3)),
        (use, UtilityResponse(id=9, value=0.5, uses=1)),
        (prompt(1), Refusal(id=1, kind="model", message="no")),
    ]
    improver = HEAD + (
        "    seen = []\n"
        "    for number in range(4):\n"
        "        try:\n"
        "            seen += language_model.prompt('e', 'm')\n"
        "        except Exception as error:\n"
        "            seen.append(str(error))\n"
        "    return repr((seen, utility(initial_solution)))\n"
    )
    usage = Usage()
    model = scripted_model(lambda message, sample: "live")

    async def improve():
        async with open_utility(doubling, sandbox) as utility:
            sha256 = model_request_sha256()
            session = ImproverSession(
                sandbox=sandbox,
                model=model,
                utility=UtilityOnDraw(utility, draw),
                account=Account(Budget(calls=4, responses=3, utility_calls=3), usage),
                scope="a test",
                rng_seed=0,
                recorder=recorder_of(recorder),
                clock=lambda: 0.0,
                begun=Begun(exchanges=exchanges, ordinals={sha256: {2}}),
            )
            return await session.improve(improver, doubling.seed_solution)

    improvement = run(improve())
    assert improvement.outcome is Outcome.OK, improvement.message
    assert improvement.solution == repr((["third", "no", "live", "live"], 0.5))
    assert [request.ordinal for request in model.asked] == [1, 3]
    assert (improvement.usage.calls, improvement.usage.responses, improvement.usage.utility_calls) == (4, 3, 1)
    assert usage.counts() == improvement.usage.counts()
    assert len(recorder.exchanges) == 2
    assert recorder.notices == []


def model_request_sha256():
    from selftaught.models import Request

    return Request(expertise="e", messages=("m",), n_responses=1, temperature=0.7).sha256


def recorder_of(recorder):
    class OneSession:
        async def call(self, request, reply, seconds):
            await recorder.call("1", request, reply, seconds)

        async def exchange(self, method, request, response, failed):
            await recorder.exchange("1", method, request, response, failed)

        def notice(self, kind, detail):
            recorder.notice("1", kind, detail)

    return OneSession()


# ---------------------------------------------------------------- series


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
        connection.execute(
            "INSERT INTO exchanges SELECT 'dear', ?, 'k', model, 1000000, 0, 0, 0, 0, 0, 0, 0, created_at "
            "FROM exchanges LIMIT 1",
            (second,),
        )
    del asked[:]
    with pytest.raises(RunBudgetExceeded, match="has spent 1,0"):
        series_of(copy, goes_on=True, max_tokens=1_000_000)
    assert asked == [], "the first run of it asks for nothing that the second has left no room for"


# ---------------------------------------------------------------- what is refused


CONFIG = {"kind": "run", "tasks": ["dispatch"], "model": "gp", "rng_seed": 0}


@pytest.mark.parametrize(
    ("config", "isolation", "status", "settings", "says"),
    [
        (CONFIG, "full", "finished", {}, "r-1 is finished, there is nothing to go on with: `selftaught show r-1`"),
        (CONFIG, "full", "running", {}, "r-1 is still running, as process "),
        (CONFIG, "full", "running", {"take_over": True}, "r-1 is still running, as process "),
        ({**CONFIG, "kind": "replay"}, "full", "failed", {}, "r-1 is a replay: do it again with"),
        ({**CONFIG, "kind": "bypass"}, "full", "failed", {}, "can be neither resumed nor replayed, only"),
        (CONFIG, "unsandboxed", "failed", {}, "ran without isolation, and would again: pass --unsafe-no-isolation"),
        (CONFIG, "full", "failed", {"unsafe_no_isolation": True}, "ran isolated, and go on so: leave out --unsafe"),
        (CONFIG, "odd", "failed", {}, "the settings on record for r-1 cannot be used: --isolation"),
    ],
)  # fmt: skip
def test_what_cannot_go_on_is_refused_in_a_sentence(run, store, config, isolation, status, settings, says):
    sha256 = store.add_program("def improve_algorithm(s, u, l): return s", "improver")
    budget = {"calls": 1, "responses": 1, "utility_calls": 1}
    info = dataclasses.asdict(registry.model_info("gp"))
    config = {
        **config,
        "improvers": {"seed": sha256, "best_of_n": sha256},
        "models": [{"info": info, "improvement_budget": budget, "meta_budget": budget}],
    }
    versions = {"tasks": {"dispatch": find_task("dispatch").sha256}}
    store.start_run(RunStart(run_id="r-1", config=config, versions=versions, isolation=isolation))
    if status != "running":
        store.finish_run("r-1", status=status, message="why", result={})
    with pytest.raises(ConfigError, match=says) as raised:
        run(resume(store.run("r-1"), store, Progress(), ResumeSettings(**settings)))
    assert "\n" not in str(raised.value)
    assert (store.run("r-1").status, store.notices("r-1")) == (status, [])
