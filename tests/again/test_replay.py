"""Replays: the same of the same answers, everything measured anew, and what differs told."""

from __future__ import annotations

import dataclasses
import sqlite3
from contextlib import closing

import pytest

from selftaught.again.replay import replay
from selftaught.errors import ConfigError, LanguageModelError
from selftaught.models import ModelInfo, Reply, registry
from selftaught.models import replay as replay_model
from selftaught.models.gp import GP_INFO
from selftaught.progress import Progress
from selftaught.settings import ReplaySettings
from selftaught.store import RunStart
from selftaught.task_definition import find_task, load_task

HEAD = "import random, threading, time\ndef improve_algorithm(initial_solution, utility, language_model):\n"


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(replay_model.ReplayModel.__init__, "__kwdefaults__", {"patience_seconds": 0.3})


@pytest.fixture
def nobody_to_ask(monkeypatch):
    """No model can be had: to make one is an error."""

    def refuse(_context):
        raise AssertionError("a model was made")

    for name in registry._MODELS:
        monkeypatch.setitem(registry._MODELS, name, (registry._MODELS[name][0], refuse))


@pytest.fixture
def replayed(run, store):
    """`replayed(run_id, ...)`: the document of its replay."""

    def replayed(run_id, *, tasks=(), **settings):
        chosen = ReplaySettings(**settings)
        return run(replay(store.run(run_id), store, Progress(), chosen, tasks=tasks))

    return replayed


@pytest.mark.parametrize("kind", ["run", "improve", "transfer", "compare"])
def test_a_run_on_gp_comes_to_the_same_without_gp_and_is_measured_anew(made, replayed, store, doubling, request, kind):
    document = made(kind)
    request.getfixturevalue("nobody_to_ask")
    again = replayed(document["run_id"], tasks=[doubling])
    assert again["same"], again["differences"]
    assert (again["of"], again["of_kind"], again["kind"], again["ended"]) == (document["run_id"], kind, "replay", "")
    assert again["different"] == {"figures": 0, "improvements": 0, "evaluations": 0}
    assert again["compared"]["figures"] > 10
    assert again["compared"]["evaluations"] >= 2
    assert again["compared"]["improvements"] == len(store.improvement_keys(document["run_id"])) > 0
    own = again["document"]
    assert own["run_id"] == again["run_id"] != document["run_id"]
    assert own["model"] == "gp"
    assert own["is_language_model"] is again["is_language_model"] is False
    measured = store.evaluations(again["run_id"])
    assert len(measured) == len(store.evaluations(document["run_id"])) > 0
    assert all(evaluation.cpu_seconds > 0 for evaluation in measured if evaluation.outcome == "ok")
    record = store.run(again["run_id"])
    assert (record.config["kind"], record.config["of"], record.status) == ("replay", document["run_id"], "finished")
    assert {key: value for key, value in record.result.items() if key != "document"} == {
        key: value for key, value in again.items() if key != "document"
    }


class Moody:
    """Answers with programs that are all different, and every third request not at all; counts what it is asked."""

    info = ModelInfo(name="moody", summary="", is_language_model=True, version="1", notice="It is moody.")
    improvement_budget, meta_budget = GP_INFO, GP_INFO

    def __init__(self, budget):
        self.improvement_budget = self.meta_budget = budget
        self.n_asked = 0

    async def open(self):
        pass

    async def close(self):
        pass

    async def answer(self, request):
        self.n_asked += 1
        if self.n_asked % 3 == 0:
            raise LanguageModelError(f"not in the mood, number {self.n_asked}", retryable=False)
        n_samples = request.n_responses * len(request.messages)
        return Reply.of(
            f"```python\ndef double(numbers):\n    return [{number}.{self.n_asked} * n for n in numbers]\n```"
            for number in range(n_samples)
        )


@pytest.fixture
def moody(monkeypatch, scripted_model):
    """The registered model `moody`; its answers depend on when it is asked."""
    model = Moody(scripted_model.improvement_budget)
    monkeypatch.setitem(registry._MODELS, "moody", (model.info, lambda context: model))
    return model


INSISTS = HEAD + (
    "    seen = []\n"
    "    for message in 'aabab':\n"
    "        try:\n"
    "            seen += language_model.prompt('e', message, n_responses=2)\n"
    "        except Exception as error:\n"
    "            seen.append(f'{type(error).__name__}: {error}')\n"
    "    return '# ' + repr(seen) + chr(10) + initial_solution\n"
)


def test_what_a_model_refused_is_refused_again_in_the_same_place(made, replayed, store, moody, doubling, tmp_path):
    (tmp_path / "insists.py").write_text(INSISTS)
    settings = {"model": "moody", "improver": str(tmp_path / "insists.py"), "budget_calls": 5, "rounds": 0}
    document = made("run", **settings)
    n_asked = moody.n_asked
    assert any("not in the mood" in program.source for program in store.programs(document["run_id"]))
    again = replayed(document["run_id"], tasks=[doubling])
    assert again["same"], again["differences"]
    assert moody.n_asked == n_asked
    assert again["is_language_model"] is True


def test_improvers_that_ask_the_same_in_the_same_place_each_get_their_own_answers(
    made, replayed, moody, doubling, tmp_path
):
    for name in ("one", "two"):
        (tmp_path / f"{name}.py").write_text(INSISTS + f"# {name}\n")
    document = made("run", model="moody", improver=str(tmp_path / "one.py"), budget_calls=5, fresh_repeats=4)
    assert replayed(document["run_id"], tasks=[doubling])["same"]


CLOCK = HEAD + (
    "    initial_solution = f'def double(numbers): return [{time.time_ns() % 10**9} / 10**9 * n for n in numbers]'\n"
    "    utility(initial_solution)\n"
    "    return initial_solution\n"
)


def test_an_improver_that_reads_the_clock_comes_to_something_else_and_that_is_told(
    made, replayed, store, doubling, tmp_path
):
    (tmp_path / "clock.py").write_text(CLOCK)
    document = made("run", improver=str(tmp_path / "clock.py"), rounds=0)
    again = replayed(document["run_id"], tasks=[doubling])
    assert again["same"] is False
    assert again["different"]["figures"] > 3
    named = [difference["what"] for difference in again["differences"]["figures"]]
    assert "rounds[0].test.mean" in named
    assert again["differences"]["improvements"][0]["then"]["outcome"] == "ok"
    assert again["reasons"] == [
        "No evaluation came out otherwise, but other programs were evaluated: an improver did something else."
    ]
    assert store.run(again["run_id"]).status == "finished"


def test_a_run_with_an_inner_model_is_replayed_without_either(made, replayed, moody, doubling):
    document = made("run", model="moody", inner_model="gp-expressions")
    assert (document["model"], document["inner_model"]) == ("moody", "gp-expressions")
    n_asked = moody.n_asked
    again = replayed(document["run_id"], tasks=[doubling])
    assert again["same"], again["differences"]
    assert moody.n_asked == n_asked
    assert (again["model"], again["is_language_model"], again["inner_is_language_model"]) == ("moody", True, False)


def change(path, statement, *values):
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(statement, values).rowcount > 0


def test_a_score_that_was_altered_in_the_store_does_not_come_out_again(made, replayed, store, path, doubling):
    document = made("improve")
    store.flush()
    change(path, "UPDATE evaluations SET value = value + 0.125 WHERE id = (SELECT max(id) FROM evaluations)")
    again = replayed(document["run_id"], tasks=[doubling])
    assert again["different"] == {"figures": 0, "improvements": 0, "evaluations": 1}
    [difference] = again["differences"]["evaluations"]
    assert difference["then"]["value"] == difference["now"]["value"] + 0.125
    [reason] = again["reasons"]
    assert reason.startswith("1 evaluation came out otherwise on the same instances, the first ")


def test_an_evaluation_that_ran_into_a_limit_once_is_explained_by_the_machine(made, replayed, store, path, doubling):
    document = made("improve")
    store.flush()
    change(
        path,
        "UPDATE evaluations SET value = NULL, outcome = 'timed_out' WHERE id = (SELECT max(id) FROM evaluations)",
    )
    change(path, 'UPDATE runs SET versions = replace(versions, \'"python":"\', \'"python":"2.\')')
    [python, limit] = replayed(document["run_id"], tasks=[doubling])["reasons"]
    assert python.startswith("python was 2.3.")
    assert limit.startswith("1 evaluation ran into a limit of time or memory once and not the other time, the first ")


def test_an_answer_that_is_missing_ends_the_replay_in_one_sentence(made, replayed, store, path, doubling):
    document = made("run", rounds=0)
    store.flush()
    change(path, "DELETE FROM model_calls WHERE id = (SELECT max(id) FROM model_calls)")
    again = replayed(document["run_id"], tasks=[doubling])
    assert again["same"] is False
    assert again["ended"].startswith(f"{document['run_id']} has no answer on record for what fresh/doubling/repeat-")
    assert "\n" not in again["ended"]
    record = store.run(again["run_id"])
    assert (record.status, record.message, record.result["ended"]) == ("failed", again["ended"], again["ended"])
    assert again["different"]["figures"] > 0


DOES_NOT_WAIT = HEAD + (
    "    threading.Thread(target=lambda: language_model.prompt('e', 'slow'), daemon=True).start()\n"
    "    time.sleep(0.1)\n"
    "    return initial_solution + '# done'\n"
)


def test_a_request_that_was_never_answered_is_not_answered_again(
    made, replayed, doubling, monkeypatch, scripted_model, tmp_path
):
    class Slow(scripted_model):
        async def answer(self, request):
            import asyncio

            await asyncio.sleep(100)

    monkeypatch.setitem(registry._MODELS, "slow", (Slow.info, lambda context: Slow()))
    (tmp_path / "hasty.py").write_text(DOES_NOT_WAIT)
    document = made("improve", improver=str(tmp_path / "hasty.py"), model="slow")
    assert document["outcome"] == "ok"
    again = replayed(document["run_id"], tasks=[doubling])
    assert again["same"], again


def test_a_task_is_found_again_where_it_was_and_must_not_have_changed(made, replayed, store, doubling, tmp_path):
    folder = tmp_path / "doubling"
    folder.mkdir()
    (folder / "task.toml").write_text(
        'name = "doubling"\nentry = "double"\nsummary = "double"\n[instances]\nvalidation = 2\ntest = 2\n'
    )
    (folder / "seed_solution.py").write_text(doubling.seed_solution)
    (folder / "utility.py").write_text(doubling.utility_source)
    task = dataclasses.replace(load_task(folder), folder=str(folder))
    document = made("improve", tasks=[task])
    assert replayed(document["run_id"])["same"]

    (folder / "seed_solution.py").write_text(doubling.seed_solution + "# changed\n")
    with pytest.raises(ConfigError, match=f"the task doubling has changed since {document['run_id']} .*--tasks DIR"):
        replayed(document["run_id"])

    elsewhere = tmp_path / "elsewhere"
    (folder / "seed_solution.py").write_text(doubling.seed_solution)
    folder.rename(elsewhere)
    with pytest.raises(ConfigError, match=r"the task 'doubling' of .* is not where it was: .*--tasks DIR"):
        replayed(document["run_id"])
    assert replayed(document["run_id"], tasks=[load_task(elsewhere)])["same"]
    with pytest.raises(ConfigError, match=r"is not about the task 'other', but about doubling"):
        replayed(document["run_id"], tasks=[dataclasses.replace(task, name="other")])
    assert [run.config["kind"] for run in store.runs()].count("replay") == 2, "a refusal is no run"


def test_a_task_that_was_made_in_python_has_to_be_given(made, replayed):
    document = made("improve")
    with pytest.raises(ConfigError, match="not bundled and no folder is on record for it: say where it is"):
        replayed(document["run_id"])


CONFIG = {"kind": "run", "tasks": ["dispatch"], "model": "gp", "rng_seed": 0}
GIVEN = {**CONFIG, "improvers": {"seed": "0" * 64, "best_of_n": "0" * 64}}


@pytest.mark.parametrize(
    ("config", "status", "says"),
    [
        (CONFIG, "running", "is still running: replay it when it is finished"),
        (CONFIG, "interrupted", r"not finished \(interrupted: why\), .*`selftaught resume r-1 --store .*` goes on"),
        (CONFIG, "failed", r"is not finished \(failed: why\)"),
        ({**CONFIG, "kind": "series"}, "finished", "is a series of runs: name one of them"),
        ({**CONFIG, "kind": "replay"}, "finished", "r-1 is a replay: do it again with `selftaught replay None`"),
        ({**CONFIG, "kind": ["x"]}, "finished", "can be neither resumed nor replayed"),
        (CONFIG, "finished", "the improvers that r-1 was given are not on record"),
        ({**CONFIG, "improvers": {"seed": "0" * 64}}, "finished", "the improvers that r-1 was given are not on record"),
        ({**CONFIG, "rounds": -1}, "finished", "the settings on record for r-1 cannot be used: --rounds"),
        ({**CONFIG, "tasks": []}, "finished", "no tasks are on record for r-1"),
        ({**CONFIG, "tasks": [{}]}, "finished", "no tasks are on record for r-1"),
        ({**CONFIG, "task_folders": {"dispatch": "/\x00"}}, "finished", "is not where it was"),
        (GIVEN, "finished", "there is no program"),
    ],
)  # fmt: skip
def test_what_cannot_be_replayed_is_refused_in_a_sentence(replayed, store, config, status, says):
    versions = {"tasks": {"dispatch": find_task("dispatch").sha256}}
    store.start_run(RunStart(run_id="r-1", config=config, versions=versions))
    if status != "running":
        store.finish_run("r-1", status=status, message="why" if status != "finished" else "", result={})
    with pytest.raises(ConfigError, match=says) as raised:
        replayed("r-1")
    assert "\n" not in str(raised.value)
    assert len(store.runs()) == 1


BUDGET = {"calls": 1, "responses": 1, "utility_calls": 1}


@pytest.mark.parametrize(
    "odd",
    [
        {}, [], [{}], [3], [{"info": {}, "improvement_budget": BUDGET, "meta_budget": BUDGET}],
        [{"info": None, "improvement_budget": {**BUDGET, "calls": True}, "meta_budget": BUDGET}],
        [{"info": None, "improvement_budget": {**BUDGET, "calls": 0}, "meta_budget": BUDGET}],
    ],
)  # fmt: skip
def test_a_record_of_the_model_that_cannot_be_used_is_refused(made, replayed, store, doubling, odd):
    document = made("improve")
    record = store.run(document["run_id"])
    if isinstance(odd, list) and odd and isinstance(odd[0], dict) and odd[0].get("info", 0) is None:
        odd = [{**odd[0], "info": record.config["models"][0]["info"]}]
    store.start_run(RunStart(run_id="r-odd", config={**record.config, "models": odd}, versions=record.versions))
    store.finish_run("r-odd", status="finished", result={})
    with pytest.raises(ConfigError, match="what is on record for the model of r-odd cannot be used"):
        replayed("r-odd", tasks=[doubling])


def test_a_record_does_not_switch_the_isolation_off(made, replayed, doubling):
    document = made("improve", unsafe_no_isolation=True)
    assert document["isolation"] == "unsandboxed"
    again = replayed(document["run_id"], tasks=[doubling])
    assert again["isolation"] != "unsandboxed"
    assert again["same"]
    assert replayed(document["run_id"], tasks=[doubling], unsafe_no_isolation=True)["isolation"] == "unsandboxed"
