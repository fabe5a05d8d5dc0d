"""Runs that were killed go on to the same end; nothing that was answered or evaluated is asked or run again."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
import sqlite3
from contextlib import closing

import pytest

from selftaught import engine, utility
from selftaught.again.resume import resume
from selftaught.budget import Account, Budget, Usage
from selftaught.errors import ConfigError, Outcome, SelfTaughtError
from selftaught.improver import Begun, ImproverSession
from selftaught.interrupts import Interrupted, run_until_interrupted
from selftaught.meta_utility import UtilityOnDraw
from selftaught.models import registry
from selftaught.models.remote import RemoteModel
from selftaught.progress import Progress
from selftaught.settings import ResumeSettings
from selftaught.store import RunStart, Store
from selftaught.store.clock import now
from selftaught.task_definition import find_task
from selftaught.utility import open_utility
from selftaught.worker.messages import PromptRequest, PromptResponse, Refusal, UtilityRequest, UtilityResponse

from ..models.scripted_provider import ScriptedProvider, texts
from .lives import TABLES, Copies, assert_nothing_stands_twice, bury, figures, rows

HEAD = "import random, threading, time\ndef improve_algorithm(initial_solution, utility, language_model):\n"


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


def test_an_interrupt_while_the_model_is_waited_for_says_how_the_run_goes_on(
    made, path, tmp_path, asked, monkeypatch, doubling
):
    with Copies(path, tmp_path) as copies:
        run_id = made("run", model="scripted")["run_id"]
    copy = copies.of_a_run(1000)[3]
    bury(copy)

    class Away(ScriptedProvider):
        """Does not answer; the person has enough of it."""

        async def open(self):
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(60)

    provider = Away(lambda prompt, number: texts("x"))
    monkeypatch.setitem(registry._MODELS, "scripted", (provider.info, lambda context: RemoteModel(provider, context)))
    with Store.open(copy, clock=now) as store, pytest.raises(Interrupted) as interrupted:
        record = store.run(run_id)
        run_until_interrupted(resume(record, store, Progress(), ResumeSettings(), tasks=[doubling]))
    assert interrupted.value.runs == [run_id]
    assert interrupted.value.resumes[run_id].startswith(f"selftaught resume {run_id} --store ")


# ---------------------------------------------------------------- stores that were altered


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal SET spent = '5'",
        "UPDATE journal SET request = '[]'",
        "UPDATE model_calls SET tokens = '[]'",
        'UPDATE model_calls SET tokens = \'{"samples_known": "x"}\'',
        "UPDATE reservations SET worst = '{}', is_counted = 0",
        "UPDATE reservations SET is_counted = 0, worst = json_set(worst, '$.cost_usd_known', -1)",
        "UPDATE improvements SET budget = '{\"calls\": -4}' WHERE budget IS NOT NULL",
        "UPDATE improvements SET budget = '[]' WHERE budget IS NOT NULL",
        "UPDATE texts SET text = 'x = 1'",
        "DELETE FROM texts",
        "UPDATE runs SET config = '[]'",
        "UPDATE runs SET versions = '[]'",
        "UPDATE runs SET process = 'null'",
        "UPDATE runs SET created_at = '2026-01-01T00:00:00'",
        "DROP TABLE journal",
    ],
)
def test_a_store_that_was_altered_is_refused_in_a_sentence_and_nothing_is_asked(
    made, resumed, path, tmp_path, asked, statement
):
    with Copies(path, tmp_path) as copies:
        made("run", model="scripted")
    copy = next(copy for copy in copies.of_a_run(1000) if rows(copy, "improvements") > 2)
    bury(copy)
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(statement)
    n_asked = len(asked)
    with pytest.raises(SelfTaughtError, match="that is whole"):
        resumed(copy)
    assert len(asked) == n_asked


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
