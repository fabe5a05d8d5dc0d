"""Task folders in the layout of the paper's released code: found, read strictly, scored isolated, marked opaque."""

from __future__ import annotations

import dataclasses
import os
import shutil
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftaught.adapters.released_layout import is_released_layout, read_released_task
from selftaught.errors import ConfigError, Outcome, TaskError
from selftaught.task_check import check_task
from selftaught.task_definition import Task, find_task
from selftaught.utility import Draw, open_utility

FOLDERS = Path(__file__).parent.parent / "programs" / "released_layout"
NAMES = sorted(path.name for path in FOLDERS.iterdir())
FILES = ("utility.py", "secret_utility.py", "seed_algorithm.py")
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60)


@pytest.fixture
def folder(tmp_path) -> Path:
    """A copy of a folder that may be changed."""
    return Path(shutil.copytree(FOLDERS / "near_string", tmp_path / "near_string"))


@pytest.fixture
def scored_by(folder):
    """`scored_by(text)`: the task whose `secret_utility.py` says so."""

    def scored_by(text: str) -> Task:
        (folder / "secret_utility.py").write_text(text)
        return find_task(str(folder))

    return scored_by


def refusal_of(folder: Path) -> str:
    with pytest.raises(ConfigError) as raised:
        find_task(str(folder))
    message = str(raised.value)
    assert message.isprintable()
    return message


def on(split: str, key: str = "a test", rng_seed: int = 0) -> Draw:
    return Draw(split=split, key=key, rng_seed=rng_seed)


# ---------------------------------------------------------------- reading


def test_there_are_enough_shapes():
    assert len(NAMES) >= 4


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_becomes_an_opaque_task(name):
    task = find_task(str(FOLDERS / name))
    assert (task.name, task.entry, task.is_opaque, task.uses_clock) == (f"{name}_released", None, True, True)
    assert task.seed_solution == (FOLDERS / name / "seed_algorithm.py").read_text()
    assert task.shown_source == (FOLDERS / name / "utility.py").read_text()


def test_what_is_shown_is_utility_py_and_nothing_else(run, sandbox):
    async def description() -> str:
        async with open_utility(find_task(str(FOLDERS / "literals")), sandbox) as utility:
            return utility.description

    assert run(description()) == (FOLDERS / "literals" / "utility.py").read_text()


def test_a_change_of_any_file_is_another_task(folder):
    hashes = {find_task(str(folder)).sha256}
    for name in FILES:
        with (folder / name).open("a") as file:
            file.write("# changed\n")
        hashes.add(find_task(str(folder)).sha256)
    assert len(hashes) == 4


def test_task_toml_decides(folder):
    (folder / "task.toml").write_text("")
    assert refusal_of(folder).startswith(f"{folder / 'task.toml'}: ")


def test_a_folder_of_neither_layout_is_told_of_both(tmp_path):
    said = "has neither task.toml nor, as in the paper's released code, secret_utility.py"
    assert refusal_of(tmp_path) == f"the task folder {tmp_path} {said}"


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    assert refusal_of(folder) == f"the task folder {folder} has no {name}"


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_text_is_named(folder, name):
    (folder / name).write_bytes(b"\xff\xfe")
    assert refusal_of(folder).startswith(f"{folder / name} cannot be read: ")


@pytest.mark.parametrize("name", FILES)
def test_a_link_out_of_the_folder_is_not_followed(folder, name):
    (folder / name).unlink()
    (folder.parent / "secret").write_text("a key")
    (folder / name).symlink_to(folder.parent / "secret")
    assert refusal_of(folder).startswith(f"{folder / name} leads out of the task's folder")


@pytest.mark.parametrize("name", FILES)
def test_links_in_a_circle_are_refused(folder, name):
    (folder / name).unlink()
    (folder / name).symlink_to(name)
    assert refusal_of(folder).startswith(f"{folder / name} cannot be read: ")


@pytest.mark.parametrize("name", FILES)
def test_a_pipe_is_not_waited_for(folder, name):
    (folder / name).unlink()
    os.mkfifo(folder / name)
    assert refusal_of(folder) == f"{folder / name} cannot be read: it is not a file"


@pytest.mark.parametrize("name", FILES)
def test_a_huge_file_is_refused(folder, name):
    (folder / name).write_text("#" * 300_000)
    assert refusal_of(folder) == f"{folder / name} cannot be read: it has 300,000 bytes; at most 262,144 are taken"


def test_files_that_are_large_together_are_refused(folder):
    for name in FILES:
        (folder / name).write_text("#" * 200_000)
    assert "of task near_string_released cannot be used" in refusal_of(folder)


@pytest.mark.parametrize("name", ["utility.py", "seed_algorithm.py"])
def test_an_empty_file_is_refused(folder, name):
    (folder / name).write_text("\n")
    assert "of task near_string_released cannot be used: it is empty" in refusal_of(folder)


@given(st.text(string.printable.replace("/", ""), min_size=1, max_size=80))
def test_any_folder_has_a_name_that_a_task_may_have(name):
    task = read_released_task(Path("/nowhere") / name, lambda file: "x")
    assert task.name.removesuffix("_released").replace("_", "").isalnum() and task.name[0].isalpha()
    assert task.name == task.name.lower() and task.name.isascii() and len(task.name) <= 60


@given(TEXTS, TEXTS, TEXTS)
def test_the_frame_holds_the_texts_as_they_are(shown, scorer, seed):
    texts = dict(zip(FILES, (shown, scorer, seed), strict=True))
    task = read_released_task(Path("/nowhere/x"), texts.__getitem__)
    place: dict[str, object] = {}
    exec(task.utility_source, place)
    assert place["FILES"] == texts


def test_what_makes_the_layout_is_a_file_that_only_it_has(tmp_path):
    (tmp_path / "utility.py").write_text("")
    assert not is_released_layout(tmp_path)
    (tmp_path / "secret_utility.py").symlink_to("nowhere")
    assert is_released_layout(tmp_path)


# ---------------------------------------------------------------- scoring


@pytest.mark.parametrize("name", NAMES)
def test_its_own_code_scores_the_seed_solution(name, run, sandbox):
    async def checked() -> None:
        async with open_utility(find_task(str(FOLDERS / name)), sandbox) as utility:
            await check_task(utility, sandbox, rng_seed=0)

    run(checked())


BETTER = {
    "hidden_mask": """
import itertools
import numpy as np


def algorithm(rows, labels, unlabelled):
    for mask in itertools.product((0, 1), repeat=6):
        if ((rows * mask).sum(axis=1) % 2 == labels).all():
            return (unlabelled * mask).sum(axis=1) % 2
""",
    "two_camps": """
def algorithm(weights):
    camps = [0] * len(weights)
    for _ in range(10):
        for node, row in enumerate(weights):
            same = sum(weight for weight, camp in zip(row, camps) if camp == camps[node])
            if 2 * same > sum(row):
                camps[node] = 1 - camps[node]
    return camps
""",
    "literals": """
import itertools


def algorithm(formula):
    n = max(abs(literal) for clause in formula for literal in clause)
    for values in itertools.product((False, True), repeat=n):
        truth = (None, *values)
        if all(any(truth[abs(literal)] == (literal > 0) for literal in clause) for clause in formula):
            return truth
""",
    "near_string": """
def algorithm(text, n_places):
    return "".join("AB"[letter == "A"] if i < n_places else letter for i, letter in enumerate(text))
""",
    "guess_fresh": "def algorithm():\n    return 0.5\n",
}


@pytest.mark.parametrize("name", BETTER)
def test_a_better_solution_scores_higher(name, evaluate):
    task = find_task(str(FOLDERS / name))
    for split in ("validation", "test"):
        seed, better = evaluate(task, task.seed_solution, BETTER[name], on=on(split))
        assert (seed.outcome, better.outcome) == (Outcome.OK, Outcome.OK), (seed, better)
        assert better.value > seed.value or name == "guess_fresh"  # where one guess more says little
    if name in ("hidden_mask", "literals", "near_string"):
        assert better.value == pytest.approx(1.0)


@pytest.mark.parametrize("name", ["hidden_mask", "two_camps", "literals", "near_string"])
def test_a_scorer_that_seeds_its_own_generators_has_one_validation_and_one_test_draw(name, evaluate):
    task = find_task(str(FOLDERS / name))
    values = {
        split: {evaluate(task, task.seed_solution, on=on(split, key, key_seed)).value for key, key_seed in draws}
        for split, draws in {
            "validation": [("a", 0), ("b", 1)],
            "test": [("a", 0), ("b", 1)],
            "fresh": [("a", 0), ("c", 2)],
        }.items()
    }
    assert all(len(of_split) == 1 for of_split in values.values())
    assert values["fresh"] == values["test"] != values["validation"]


def test_a_scorer_that_draws_from_the_global_generators_has_fresh_draws(evaluate):
    task = find_task(str(FOLDERS / "guess_fresh"))
    seed = task.seed_solution
    values = [evaluate(task, seed, on=on(split, key)).value for split in ("test", "fresh") for key in "abc"]
    assert len(set(values)) == 6
    assert evaluate(task, seed, on=on("test", "a")).value == values[0]


def test_a_late_call_is_interrupted_and_the_next_has_its_time(evaluate, scored_by):
    task = scored_by(
        "from pebble import ThreadPool\nfrom helpers import temp_override\nimport time\n\n\n"
        "def utility(text, mode='val'):\n"
        "    pool, algorithm, late = ThreadPool(max_workers=1), temp_override(text, 'algorithm'), 0\n"
        "    for number in range(6):\n"
        "        future = pool.schedule(algorithm, (number,))\n"
        "        try:\n"
        "            future.result(timeout=0.5)\n"
        "        except TimeoutError:\n"
        "            late += 1\n"
        "            future.thread.join()\n"
        "    return late\n"
    )
    looping = "def algorithm(number):\n    while number % 2:\n        pass\n"
    assert evaluate(task, looping).value == 3.0


def test_a_candidate_that_leaves_is_a_failure_like_any_other_to_the_scorer(evaluate):
    task = find_task(str(FOLDERS / "near_string"))
    for leaving in ("raise SystemExit", "import sys; sys.exit(0)", "raise KeyboardInterrupt"):
        assert evaluate(task, leaving).value == 0.0


def test_a_candidate_that_ends_the_process_has_no_value(evaluate):
    task = find_task(str(FOLDERS / "near_string"))
    evaluation = evaluate(task, "import os\nos._exit(0)")
    assert (evaluation.outcome, evaluation.value) == (Outcome.EXITED, None)


def test_a_candidate_can_claim_any_score_which_is_why_the_task_is_opaque(evaluate):
    claiming = (
        "import sys\n\n\ndef algorithm(text, n_places):\n"
        "    sys.modules['__secret_utility__'].score_one = lambda *_: 99.0\n    return text\n"
    )
    assert evaluate(find_task(str(FOLDERS / "near_string")), claiming).value > 1


@pytest.mark.parametrize(
    ("scorer", "outcome", "said"),
    [
        ("def utility(a):\n    raise KeyError('x')", "raised", "secret_utility.py failed: line 2: KeyError: 'x'"),
        ("def utility(a):\n    raise SystemExit(0)", "raised", "secret_utility.py failed: line 2: SystemExit: 0"),
        ("import os\n\n\ndef utility(a):\n    os._exit(0)", "exited", "its process ended with exit code 0"),
        ("def utility(a): return float('nan')", "bad_output", "gave nan instead of a finite number"),
        ("def utility(a): return 10**400", "bad_output", "gave inf instead of a finite number"),
        ("def utility(a): return 1e60", "bad_output", "beyond 1e+50"),
        ("def utility(a): return '1'", "bad_output", "gave str instead of a number"),
        ("def utility(a): return (1, 2)", "bad_output", "gave tuple instead of a number"),
        ("def utility(a): return True", "bad_output", "gave bool instead of a number"),
        ("def utility(a): pass", "bad_output", "gave NoneType instead of a number"),
        ("def meta_utility(a): return 1", "invalid_source", "does not define the function utility"),
        ("def utility(a: return 1", "invalid_source", "secret_utility.py failed: line 1: SyntaxError"),
        ("import not_there\ndef utility(a): return 1", "raised", "No module named 'not_there'"),
        ("raise SystemExit", "raised", "secret_utility.py failed: while it was loaded: line 1: SystemExit"),
        ("def utility(a): return len(open('/etc/passwd').read())", "raised", "secret_utility.py failed: line 1: "),
        (
            "from pebble import ProcessPool\ndef utility(a): return ProcessPool()",
            "raised",
            "processes cannot be started",
        ),
        (
            "from language_model import LanguageModel as L\ndef utility(a): return L(1)",
            "raised",
            "no language model here",
        ),
        ("from helpers import write_str_to_file as w\ndef utility(a): return w(a, 'x')", "raised", "has no files"),
        (
            "from helpers import read_file_as_str as r\ndef utility(a): return r('/etc/passwd')",
            "raised",
            "of a task's folder there are secret_utility.py, seed_algorithm.py, utility.py",
        ),
    ],
)
def test_a_scorer_that_fails_is_told_in_one_sentence(scorer, outcome, said, scored_by, run, sandbox, evaluate):
    task = scored_by(scorer)
    evaluation = evaluate(task, task.seed_solution)
    assert (evaluation.outcome, evaluation.value) == (Outcome(outcome), None)
    assert said in evaluation.message

    async def checked() -> None:
        async with open_utility(task, sandbox) as utility:
            await check_task(utility, sandbox, rng_seed=0)

    with pytest.raises(TaskError, match="the seed solution of task near_string_released fails"):
        run(checked())


@pytest.mark.parametrize(
    "body", ["while True: pass", "import time; time.sleep(1e6)", "import threading; threading.Event().wait()"]
)
def test_a_scorer_that_never_ends_is_ended(body, scored_by, evaluate):
    task = scored_by(f"def utility(a):\n    {body}\n")
    short = dataclasses.replace(
        task, cpu_seconds=0.3, utility_source=task.utility_source.replace("WALL_SECONDS = 120.0", "WALL_SECONDS = 0.7")
    )
    evaluation = evaluate(short, short.seed_solution)
    said = {Outcome.TIMED_OUT: "0.3 s of CPU time", Outcome.RAISED: "took more than 0.7 s by the clock"}
    assert said[evaluation.outcome] in evaluation.message


def test_a_scorer_may_print_and_use_what_the_released_ones_import(scored_by, evaluate):
    task = scored_by(
        "import os, random, time, numpy as np\nimport multiprocess\nfrom tqdm import tqdm, trange\n"
        "from pebble import ThreadPool, ProcessPool\nfrom config import config\n"
        "from helpers import temp_override, read_file_as_str, generate_seed_algorithm, extract_code\n"
        "print('x' * 10**6)\n\n\n"
        "def utility(text, **more):\n"
        "    with ThreadPool() as pool, tqdm(total=3) as bar:\n"
        "        bar.update(1)\n"
        "        sums = [pool.submit(sum, range(n)).result() for n in trange(4)]\n"
        "    assert more == {'mode': 'val'} and utility.uses == 0 and utility.budget == 25\n"
        "    assert (config['max_responses_per_call'], config['language_model_call_budget']) == (6, 4)\n"
        "    return np.float32(sum(sums) + len(utility.str) / 2**10)\n\n\n"
        "utility.budget, utility.uses = config['utility_budget'], 0\n"
        "utility.str = read_file_as_str('tasks/near_string/utility.py')\n"
    )
    evaluation = evaluate(task, task.seed_solution)
    assert evaluation.value == 4 + len(task.shown_source) / 2**10


@pytest.mark.parametrize("drawn", ["random.random()", "float(np.random.random())"])
def test_the_global_generators_of_a_scorer_start_from_the_draw(drawn, scored_by, evaluate, draw):
    task = scored_by(f"import random\nimport numpy as np\n\n\ndef utility(a):\n    return {drawn}\n")
    other = dataclasses.replace(draw, rng_seed=draw.rng_seed + 1)
    values = [evaluate(task, task.seed_solution, on=on).value for on in (draw, draw, other)]
    assert values[0] == values[1] != values[2]


# ---------------------------------------------------------------- from the command line


SMALL = ("--rng-seed", "0", "--budget-calls", "2", "--budget-responses", "3", "--budget-utility", "7")


def test_improve_and_evaluate_run_on_a_folder_and_say_that_it_is_opaque(selftaught, tmp_path):
    folder = FOLDERS / "two_camps"
    improved = selftaught("improve", folder, "--improver", "greedy", *SMALL)
    assert improved.code == 0, improved.stderr
    said = "two_camps_released scores beside the candidate (opaque): its score is a claim."
    assert said in improved.stdout
    solution = tmp_path / "improved_two_camps_released.py"
    evaluated = selftaught("evaluate", folder, solution, "--rng-seed", "0")
    assert evaluated.code == 0 and said in evaluated.stdout
    document = selftaught("evaluate", folder, solution, "--rng-seed", "0", "--json").document
    seed = selftaught("evaluate", folder, folder / "seed_algorithm.py", "--rng-seed", "0", "--json").document
    assert document["opaque"] is True
    assert document["value"] >= seed["value"]


def test_run_transfer_and_compare_mark_it_too(selftaught):
    folder = FOLDERS / "two_camps"
    said = "two_camps_released scores beside the candidate (opaque): its score is a claim."
    meta = ("--meta-budget-calls", "1", "--meta-budget-responses", "2", "--meta-budget-utility", "3")
    repeats = ("--repeats", "1", "--gate-repeats", "2", "--test-repeats", "2", "--fresh-repeats", "2")
    for call in (
        ("run", folder, *SMALL, *meta, "--rounds", "1", *repeats),
        ("transfer", "greedy", "--tasks", f"{folder},dispatch", *SMALL, "--fresh-repeats", "2"),
        ("compare", "--improvers", "seed,greedy", "--tasks", folder, *SMALL, "--fresh-repeats", "2"),
    ):
        ended = selftaught(*call)
        assert ended.code == 0, ended.stderr
        assert said in ended.stdout
        made = selftaught("runs", "--json").document[0]["run_id"]
        assert said in selftaught("audit", made).stdout
        if call[0] == "run":
            assert said in selftaught("curves", made).stdout
        assert selftaught("audit", made, "--json").document["opaque"] == ["two_camps_released"]
