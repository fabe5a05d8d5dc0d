"""What every bundled task keeps: the folder's files, determinism, strict answers, a weak seed solution."""

from __future__ import annotations

import ast
import copy
import inspect
import math
import statistics
import sys

import msgspec
import numpy
import pytest

from selftaught.utility import TASK_CODE_LIMITS
from selftaught.worker import wire
from selftaught.worker.messages import Inputs

LEAST_TEXTBOOK_VALUE = {
    "bin_packing": 0.63,
    "dispatch": 0.98,
    "job_shop": 0.57,
    "knapsack": 0.60,
    "lpn": 0.99,
    "lpn_hard": 0.65,
    "maxcut": 0.60,
    "maxcut_hard": 0.60,
    "parity": 1.0,
    "parity_hard": 0.54,
    "quadratic_assignment": 0.26,
    "quadratic_assignment_hard": 0.86,
    "string_grid": 1.0,
    "string_grid_hard": 0.68,
    "three_sat": 1.0,
    "three_sat_hard": 0.35,
    "tsp_construct": 0.42,
}
SEED_VALUES = {
    "bin_packing": (-0.01, 0.01),
    "dispatch": (-0.30, 0.45),
    "job_shop": (-0.20, 0.40),
    "knapsack": (-0.01, 0.01),
    "lpn": (0.47, 0.55),
    "lpn_hard": (0.43, 0.57),
    "maxcut": (0.58, 0.60),
    "maxcut_hard": (0.0, 0.0),
    "parity": (0.47, 0.55),
    "parity_hard": (0.43, 0.57),
    "quadratic_assignment": (0.19, 0.215),
    "quadratic_assignment_hard": (-0.15, 0.15),
    "string_grid": (0.38, 0.51),
    "string_grid_hard": (0.46, 0.48),
    "three_sat": (0.65, 0.95),
    "three_sat_hard": (0.0, 0.0),
    "tsp_construct": (-0.01, 0.01),
}
UNFIT_TYPES = [None, 1, "abc", {}, [None], ["a"], [[]], [True], [math.nan], [1j], [[[0, 0]]], [[0, 0, 0]]]


def test_the_folder_holds_its_files_and_no_others(task):
    files = {path.name for path in task.folder.iterdir() if path.is_file()}
    assert files - {"reference.py"} == {"README.md", "seed_solution.py", "task.toml", "utility.py"}


def test_the_settings_have_these_keys_and_no_others(task):
    assert task.settings.keys() == {"name", "entry", "summary", "reference", "instances", "limits"}
    assert task.settings["name"] == task.name
    assert task.settings["reference"].keys() - {"lowest", "highest"} == {"best", "trivial"}
    assert task.settings["instances"].keys() == {"validation", "test"}
    assert task.settings["limits"].keys() == {"cpu_seconds", "memory_mib"}


def test_the_utility_uses_the_standard_library_and_numpy_only(task):
    tree = ast.parse((task.folder / "utility.py").read_text(encoding="utf-8"))
    roots = {
        alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    roots |= {str(node.module).split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    own = {"reference"} if (task.folder / "reference.py").exists() else set()
    assert roots <= sys.stdlib_module_names | {"numpy"} | own


def test_seed_and_textbook_solution_take_the_same_arguments(task):
    assert inspect.signature(task.seed_solution) == inspect.signature(task.textbook_solution)


def test_instances_follow_from_the_generator_alone(task):
    first, again, other = task.instances(key=1, n=3), task.instances(key=1, n=3), task.instances(key=2, n=3)
    assert len(first) == 3
    assert repr(first) == repr(again)
    assert repr(first) != repr(other)


def test_the_instances_of_a_use_fit_in_one_message(task):
    for split, n in task.settings["instances"].items():
        inputs = [arguments for arguments, _ in task.instances(split, n=n)]
        assert len(wire.encode(Inputs(inputs=inputs))) <= TASK_CODE_LIMITS.frame_bytes


def test_values_are_finite_and_the_same_twice(task):
    instances = task.instances()
    scores = task.scores(task.seed_solution, instances)
    assert len(scores) == task.settings["instances"]["validation"]
    assert all(math.isfinite(score) for score in scores)
    assert scores == task.scores(task.seed_solution, instances)


@pytest.mark.parametrize("split", ["validation", "test", "fresh"])
def test_every_split_is_drawn_alike(task, split):
    instances = task.instances(split, n=task.settings["instances"]["test"])
    low, high = SEED_VALUES[task.name]
    assert low <= statistics.fmean(task.scores(task.seed_solution, instances)) <= high


@pytest.mark.parametrize("split", ["validation", "test"])
def test_the_textbook_solution_reaches_its_stated_value(task, split):
    value = task.value(task.textbook_solution, split)
    # 1 is a bound, or a heuristic that a better rule may beat by a little, as on dispatch.
    assert LEAST_TEXTBOOK_VALUE[task.name] <= value <= 1.1


@pytest.mark.parametrize("answer", UNFIT_TYPES, ids=repr)
def test_an_answer_of_another_type_is_refused(task, answer):
    arguments, hidden = task.instances(n=1)[0]
    with pytest.raises((msgspec.ValidationError, ValueError)):
        task.score(arguments, hidden, answer)


def test_an_answer_with_a_part_missing_or_twice_is_refused(task):
    arguments, hidden = task.instances(n=1)[0]
    answer = task.answer(task.seed_solution, arguments)
    missing = [] if task.name == "knapsack" else [answer[:0], answer[:-1]]  # a part of the items is an answer too
    for unfit in (*missing, answer + answer[-1:]):
        with pytest.raises(ValueError):
            task.score(arguments, hidden, unfit)


def test_neither_driving_nor_scoring_changes_the_arguments(task):
    arguments, hidden = task.instances(n=1)[0]
    before = repr(arguments)
    answer = task.utility["drive"](task.seed_solution, *arguments)
    task.score(arguments, hidden, answer)
    assert repr(arguments) == before


def test_arguments_may_arrive_as_lists(rule_task):
    for arguments, hidden in rule_task.instances(n=3):
        plain, plain_hidden = msgspec.msgpack.decode(msgspec.msgpack.encode((arguments, hidden)))
        answer = rule_task.answer(rule_task.seed_solution, arguments)
        assert rule_task.answer(rule_task.seed_solution, plain) == answer
        assert rule_task.score(plain, plain_hidden, answer) == rule_task.score(arguments, hidden, answer)


@pytest.mark.parametrize("value", [math.nan, numpy.float64("nan")])
def test_a_rule_that_gives_no_number_is_refused(rule_task, value):
    arguments, _ = rule_task.instances(n=1)[0]
    with pytest.raises(ValueError, match="not a number"):
        rule_task.answer(lambda *_: value, arguments)


@pytest.mark.parametrize("value", [math.inf, -math.inf, 0, numpy.float32(1)])
def test_a_rule_may_give_any_other_number(rule_task, value):
    arguments, hidden = rule_task.instances(n=1)[0]
    answer = rule_task.answer(lambda *_: value, arguments)
    assert math.isfinite(rule_task.score(arguments, hidden, answer))


def test_a_solution_that_changes_its_input_gains_nothing(load_task):
    lpn = load_task("lpn")

    def blanks_its_input(train_samples, train_parity, test_samples):
        for array in (train_samples, train_parity, test_samples):
            array[:] = 0
        return [0] * len(test_samples)

    instances = lpn.instances(n=20)
    untouched = copy.deepcopy(instances)
    assert lpn.scores(blanks_its_input, instances) == lpn.scores(lambda *_: [0] * 20, untouched)
    assert repr(instances) == repr(untouched)
