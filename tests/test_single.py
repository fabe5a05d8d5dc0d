"""One evaluation, one improvement: the documents that `evaluate` and `improve` print."""

from __future__ import annotations

import dataclasses

import pytest

from selftaught import single
from selftaught.errors import Outcome, TaskError
from selftaught.settings import CommonSettings, ImproveSettings, checked_settings
from selftaught.store import Store
from selftaught.store.clock import now

PERFECT = "def double(numbers): return [2 * number for number in numbers]"
HEAD = "def improve_algorithm(initial_solution, utility, language_model):\n"
SETTINGS = {"workers": 1}


@pytest.fixture
def evaluate_once(run):
    return lambda task, solution, split="test": run(
        single.evaluate(task, solution, split, checked_settings(CommonSettings, **SETTINGS))
    )


@pytest.fixture
def improve_once(run, tmp_path):
    """`improve_once(task, improver)`: the document, and the store it is recorded in."""

    def improve_once(task, improver):
        file = tmp_path / "improver.py"
        file.write_text(improver, encoding="utf-8")
        settings = checked_settings(ImproveSettings, **SETTINGS, improver=str(file))
        with Store.open(tmp_path / "store.db", clock=now) as store:
            document = run(single.improve(task, settings, store))
            return document, store.run(document["run_id"])

    return improve_once


def test_an_evaluation_has_a_value_with_its_interval_over_instances(evaluate_once, doubling):
    half = "calls = []\ndef double(n):\n    calls.append(1)\n    return [(len(calls) % 2) * 2 * x for x in n]\n"
    document = evaluate_once(doubling, half)
    keys = ("task", "split", "outcome", "message", "value", "n", "violations", "opaque")
    assert [document[key] for key in keys] == ["doubling", "test", "ok", "", 0.5, 6, [], False]
    assert document["scores"] == [1.0, 0.0] * 3
    assert 0 <= document["low"] < 0.5 < document["high"] <= 1
    assert document["isolation"] in ("full", "confined", "sealed")


def test_a_failed_evaluation_has_no_value(evaluate_once, doubling):
    document = evaluate_once(doubling, "print('so far')\ndef double(n): return None", split="validation")
    assert (document["outcome"], document["value"], document["low"], document["high"]) == (
        "bad_output",
        None,
        None,
        None,
    )
    assert document["message"] == "instance 0: the answer has the wrong type: Expected `array`, got `null`"
    assert (document["printed"], document["n"]) == ("so far\n", 4)


def test_a_violation_is_in_the_document(evaluate_once, doubling):
    mounts = "import ctypes\ndef double(n): ctypes.CDLL(None).mount(b'none', b'/tmp', b'tmpfs', 0, None)\n"
    document = evaluate_once(doubling, mounts)
    assert document["outcome"] == "violation"
    assert document["violations"] == [{"kind": "system_call", "detail": "mount", "count": 1}]


def test_a_task_that_cannot_be_relied_on_is_not_measured_with(evaluate_once, doubling):
    with pytest.raises(TaskError, match="the seed solution of task doubling fails"):
        evaluate_once(dataclasses.replace(doubling, seed_solution="def double(n): return 1 / 0"), PERFECT)


def test_an_improvement_is_measured_before_and_after_on_the_test_split(improve_once, doubling):
    document, record = improve_once(doubling, f"{HEAD}    utility(initial_solution)\n    return {PERFECT!r}\n")
    assert (document["value_before"], document["value_after"]) == (0.5, 1.0)
    assert (document["source"], document["outcome"], document["message"]) == (PERFECT, "ok", "")
    assert (document["task"], document["model"], document["is_language_model"]) == ("doubling", "gp", False)
    assert {name: document["budget"][name] for name in ("calls", "responses", "utility_calls")} == {
        "calls": 0, "responses": 0, "utility_calls": 1,
    }  # fmt: skip
    assert (record.status, record.result, record.config["kind"]) == ("finished", document, "improve")


def test_a_failed_improvement_has_no_source(improve_once, doubling):
    document, record = improve_once(doubling, f"{HEAD}    utility.budget = 5\n    return None\n")
    assert (document["value_before"], document["value_after"], document["source"]) == (0.5, None, None)
    assert (document["outcome"], document["message"]) == ("bad_output", "it returned NoneType instead of a string")
    assert document["violations"] == [{"kind": "read_only_view", "detail": "set UtilityView.budget", "count": 1}]
    assert record.status == "finished"


def test_a_solution_that_fails_on_the_test_split_has_a_source_but_no_value(improve_once, doubling):
    document, _ = improve_once(doubling, f"{HEAD}    return 'no program'\n")
    assert (document["source"], document["value_after"]) == ("no program", None)
    assert document["outcome"] == Outcome.INVALID_SOURCE
