"""Tasks as folders: read strictly, refused in one sentence that names the file."""

from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path

import pytest

from selftaught.errors import ConfigError
from selftaught.task_definition import MIB, Task, bundled_task_names, find_task, find_tasks, load_task

TASK_TOML = """
name = "doubling"
entry = "double"
summary = "double every number"

[reference]
best = "doubling"
trivial = "zeros"

[instances]
validation = 3
test = 5

[limits]
cpu_seconds = 1.5
memory_mib = 64
"""


@pytest.fixture
def folder(tmp_path, doubling) -> Path:
    """A task folder."""
    made = tmp_path / "my task"
    made.mkdir()
    (made / "task.toml").write_text(TASK_TOML)
    (made / "seed_solution.py").write_text(doubling.seed_solution)
    (made / "utility.py").write_text(doubling.utility_source)
    return made


def refusal_of(call) -> str:
    with pytest.raises(ConfigError) as raised:
        call()
    message = str(raised.value)
    assert "\n" not in message
    return message


def test_a_folder_becomes_a_task(folder, doubling):
    assert load_task(folder) == Task(
        name="doubling",
        entry="double",
        summary="double every number",
        seed_solution=doubling.seed_solution,
        utility_source=doubling.utility_source,
        reference_best="doubling",
        reference_trivial="zeros",
        n_validation=3,
        n_test=5,
        cpu_seconds=1.5,
        memory_bytes=64 * MIB,
    )


def test_a_reference_beside_the_utility_is_read_where_there_is_one(folder):
    assert load_task(folder).reference_source is None
    (folder / "reference.py").write_text("def double(numbers): ...\n")
    assert load_task(folder).reference_source == "def double(numbers): ...\n"


def test_what_is_not_said_has_a_default(folder):
    (folder / "task.toml").write_text('name = "doubling"\nentry = "double"\nsummary = "double every number"\n')
    task = load_task(folder)
    assert (task.reference_best, task.n_validation, task.n_test, task.is_opaque) == ("not known", 10, 20, False)


def test_a_folder_runs_as_a_task(folder, evaluate):
    assert evaluate(load_task(folder), "def double(numbers): return [2 * n for n in numbers]").value == 1.0


@pytest.mark.parametrize("name", ["task.toml", "seed_solution.py", "utility.py"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    assert refusal_of(lambda: load_task(folder)) == f"the task folder {folder} has no {name}"


@pytest.mark.parametrize("name", ["task.toml", "seed_solution.py", "utility.py"])
def test_a_file_that_is_no_text_is_named(folder, name):
    (folder / name).write_bytes(b"\xff\xfe\x00")
    assert refusal_of(lambda: load_task(folder)).startswith(f"{folder / name} cannot be read: ")


@pytest.mark.parametrize("name", ["task.toml", "seed_solution.py", "utility.py"])
def test_a_link_out_of_the_folder_is_not_followed(folder, name):
    (folder / name).unlink()
    secret = folder.parent / "secret"
    secret.write_text("a key")
    (folder / name).symlink_to(secret)
    said = f"{folder / name} leads out of the task's folder; put a copy of the file there"
    assert refusal_of(lambda: load_task(folder)) == said


def test_a_link_within_the_folder_is_followed(folder, doubling):
    (folder / "utility.py").rename(folder / "common.py")
    (folder / "utility.py").symlink_to("common.py")
    assert load_task(folder).utility_source == doubling.utility_source


def test_a_folder_may_be_a_link_itself(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder)
    assert load_task(tmp_path / "link") == load_task(folder)


@pytest.mark.parametrize("name", ["task.toml", "seed_solution.py", "utility.py", "reference.py"])
def test_what_is_no_file_is_not_opened(folder, name):
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    assert refusal_of(lambda: load_task(folder)) == f"{folder / name} cannot be read: it is not a file"


@pytest.mark.parametrize("name", ["task.toml", "seed_solution.py", "utility.py", "reference.py"])
def test_a_file_that_is_too_large_is_not_read(folder, name):
    with (folder / name).open("wb") as file:
        file.truncate(10_000_000)
    most = "16,384" if name == "task.toml" else "262,144"
    assert refusal_of(lambda: load_task(folder)) == (
        f"{folder / name} cannot be read: it has 10,000,000 bytes; at most {most} are taken"
    )


def test_a_reference_that_cannot_be_used_is_refused(folder):
    (folder / "reference.py").write_text("x = 1\x00")
    said = refusal_of(lambda: load_task(folder))
    assert said == "the reference of task doubling cannot be used: it contains a null character"


def test_a_path_that_no_folder_can_have_is_refused():
    assert "cannot be read" in refusal_of(lambda: load_task(Path("a\x00b")))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = " + "[" * 5000, " is nested too deeply"),
        ("a = " + "1" * 5000, " cannot be read: Exceeds the limit (4300 digits)"),
        ("[limits]\nmemory_mib = 0x" + "f" * 5000, ": a whole number has too many digits"),
        ('"a\\nb\\u001b" = 1', r": a\nb\x1b: extra inputs are not permitted"),
        ("[instances]\nvalidation = true", ": instances.validation: input should be a valid integer, not True"),
    ],
    ids=["nesting", "digits", "digits of a limit", "a key of two lines", "a truth value"],
)
def test_settings_that_break_a_reader_are_refused(folder, text, said):
    (folder / "task.toml").write_text(TASK_TOML.partition("[reference]")[0] + text)
    assert refusal_of(lambda: load_task(folder)).startswith(f"{folder / 'task.toml'}{said}")


@pytest.mark.parametrize("name", ["seed_solution.py", "utility.py"])
def test_an_empty_program_is_refused(folder, name):
    (folder / name).write_text("\n")
    what = name.removesuffix(".py").replace("_", " ")
    assert refusal_of(lambda: load_task(folder)) == f"the {what} of task doubling cannot be used: it is empty"


WRONG_KEYS = {
    "no name": ('name = "doubling"\n', "", "name"),
    "odd name": ('"doubling"\nentry', '"Doubling it"\nentry', "name"),
    "no entry": ('entry = "double"\n', "", "entry"),
    "entry is no name": ('entry = "double"', 'entry = "double it"', "entry"),
    "empty summary": ('"double every number"', '""', "summary"),
    "number as text": ("validation = 3", 'validation = "three"', "instances.validation"),
    "no instances": ("validation = 3", "validation = 0", "instances.validation"),
    "half an instance": ("test = 5", "test = 5.5", "instances.test"),
    "no time": ("cpu_seconds = 1.5", "cpu_seconds = 0", "limits.cpu_seconds"),
    "time is no number": ("cpu_seconds = 1.5", "cpu_seconds = nan", "limits.cpu_seconds"),
    "no memory": ("memory_mib = 64", "memory_mib = 0", "limits.memory_mib"),
    "unknown limit": ("memory_mib = 64", "memory_mb = 64", "limits.memory_mb"),
    "unknown table": ("[limits]", "[limit]", "limit"),
    "unknown key": ('entry = "double"', 'entry = "double"\nauthor = "me"', "author"),
}


@pytest.mark.parametrize(("before", "after", "key"), WRONG_KEYS.values(), ids=WRONG_KEYS.keys())
def test_a_wrong_setting_is_named_with_its_file(folder, before, after, key):
    path = folder / "task.toml"
    assert before in TASK_TOML
    path.write_text(TASK_TOML.replace(before, after))
    assert refusal_of(lambda: load_task(folder)).startswith(f"{path}: {key}: ")


def test_a_file_that_is_no_toml_is_refused(folder):
    (folder / "task.toml").write_text("name = doubling")
    assert refusal_of(lambda: load_task(folder)).startswith(f"{folder / 'task.toml'} is not valid TOML: ")


def test_a_task_is_found_by_name_or_folder(folder):
    assert find_task("dispatch").entry == "priority"
    assert find_task(str(folder)) == load_task(folder)


def test_an_unknown_task_is_refused_with_the_nearest_names():
    said = refusal_of(lambda: find_task("dispach"))
    assert said == "there is no task or task folder 'dispach'; did you mean dispatch?"


def test_an_unknown_task_without_anything_near_is_refused_with_all_names():
    assert re.search(r"; there are: bin_packing, dispatch, ", refusal_of(lambda: find_task("zzzzzz")))


def test_the_bundled_tasks_are_those_that_the_issue_names():
    assert {"bin_packing", "dispatch", "job_shop", "knapsack", "lpn", "tsp_construct"} <= set(bundled_task_names())


@pytest.mark.parametrize("name", bundled_task_names())
def test_every_bundled_task_loads(name):
    task = find_task(name)
    assert task.name == name
    assert not task.is_opaque


def test_several_tasks_are_found_by_a_list_in_text_or_as_objects(doubling):
    assert [task.name for task in find_tasks("dispatch, knapsack,")] == ["dispatch", "knapsack"]
    assert find_tasks(["lpn", doubling]) == [find_task("lpn"), doubling]
    assert find_tasks(doubling) == [doubling]


@pytest.mark.parametrize("names", ["", " , ", []], ids=repr)
def test_no_task_at_all_is_refused(names):
    assert refusal_of(lambda: find_tasks(names)) == "name at least one task; `selftaught tasks` lists them"


def test_a_task_named_twice_is_refused():
    assert refusal_of(lambda: find_tasks("lpn,dispatch,lpn")) == "task lpn is named twice"


@pytest.mark.parametrize(("n_test", "seconds"), [(30, 6.0), (10, 2.0), (5, 2.0)])
def test_more_instances_have_more_time_and_fewer_no_less(n_test, seconds):
    task = dataclasses.replace(find_task("dispatch"), n_validation=10, n_test=n_test, cpu_seconds=2.0)
    assert task.cpu_seconds_on("validation") == 2.0
    assert task.cpu_seconds_on("test") == task.cpu_seconds_on("fresh") == pytest.approx(seconds)


@pytest.mark.parametrize("name", ["n_validation", "n_test", "cpu_seconds", "memory_bytes"])
def test_a_task_without_instances_time_or_memory_is_refused(doubling, name):
    said = refusal_of(lambda: dataclasses.replace(doubling, **{name: 0}))
    assert said == f"{name} of task doubling should be more than 0, not 0"


def test_a_task_is_named_by_the_hash_of_all_that_decides_a_score(doubling):
    changes = [
        {"seed_solution": "pass"},
        {"utility_source": "pass"},
        {"reference_source": "pass"},
        {"n_validation": 9},
        {"n_test": 9},
        {"cpu_seconds": 9.0},
        {"memory_bytes": 9},
        {"entry": "f"},
        {"name": "other"},
    ]
    hashes = {dataclasses.replace(doubling, **change).sha256 for change in changes}
    assert len(hashes | {doubling.sha256}) == len(changes) + 1
    assert dataclasses.replace(doubling, summary="said otherwise").sha256 == doubling.sha256
