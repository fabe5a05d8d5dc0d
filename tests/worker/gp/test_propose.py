"""`propose` as a whole: well-formed, deterministic, distinct, bounded."""

import ast
import importlib
import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import selftaught
from selftaught.worker.gp import propose
from selftaught.worker.gp.answer import _n_edits

_HERE = Path(__file__).parent
_spec = importlib.util.spec_from_file_location("gp_test_programs", _HERE / "programs.py")
programs = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(programs)
PROGRAMS, prompt, source_of = programs.PROGRAMS, programs.prompt, programs.source_of
PACKAGE = Path(selftaught.__file__).parent


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("temperature", [0.0, 0.7, 1.5, 3.0])
def test_every_answer_is_a_sentence_and_a_program_that_compiles_and_is_new(name, temperature):
    parent = ast.unparse(ast.parse(PROGRAMS[name]))
    answers = propose(prompt(PROGRAMS[name]), 60, temperature, Random(1))
    assert len(answers) == 60
    for answer in answers:
        assert re.match(r"[^\n]+\.\n\n```", answer)
        source = source_of(answer)
        compile(source, "answer", "exec")
        assert ast.unparse(ast.parse(source)) != parent


@pytest.mark.parametrize("name", PROGRAMS)
def test_answers_of_one_call_differ(name):
    sources = [source_of(answer) for answer in propose(prompt(PROGRAMS[name]), 12, 0.7, Random(2))]
    assert len(set(sources)) == 12


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_generator_gives_the_same_answers(name):
    message = prompt(PROGRAMS[name])
    assert propose(message, 20, 0.9, Random(7)) == propose(message, 20, 0.9, Random(7))
    assert propose(message, 20, 0.9, Random(7)) != propose(message, 20, 0.9, Random(8))


def test_answers_do_not_depend_on_the_hash_seed():
    code = (
        "import sys; from random import Random; from selftaught.worker.gp import propose;"
        "sys.stdout.write(repr(propose(sys.stdin.read(), 20, 1.2, Random(3))))"
    )
    message = prompt(PROGRAMS["improver"], PROGRAMS["improver"].replace("0.7", "0.9"))

    def run(hash_seed):
        return subprocess.run(
            [sys.executable, "-c", code],
            input=message, capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": hash_seed},
        ).stdout  # fmt: skip

    assert run("0") == run("1")


def test_more_temperature_means_more_edits():
    def mean(temperature):
        rng = Random(5)
        return sum(_n_edits(temperature, rng) for _ in range(2000)) / 2000

    assert mean(0.0) == 1.0
    assert 1.3 < mean(0.7) < 1.7
    assert mean(1.5) > 2.5


def test_docstrings_survive():
    for answer in propose(prompt(PROGRAMS["rule"]), 30, 0.7, Random(4)):
        assert '"""Return how urgent a thing is."""' in answer


def test_relatives_are_parents_and_donors_and_other_programs_are_not():
    relative = PROGRAMS["rule"].replace("-age", "weight / size + 12345")
    stranger = "def other(size, age, weight, clock):\n    return 54321 * clock"
    answers = propose(prompt(PROGRAMS["rule"], relative, stranger), 200, 0.7, Random(6))
    assert sum("12345" in answer for answer in answers) > 20
    assert not any("def other" in answer for answer in answers)


def test_parameters_that_are_ignored_are_brought_in():
    text = "\n".join(
        source_of(answer).split("return", 1)[1] for answer in propose(prompt(PROGRAMS["rule"]), 60, 0.7, Random(3))
    )
    for name in ("size", "weight", "clock"):
        assert name in text


def test_a_fence_is_longer_than_the_fences_in_its_program():
    program = 'def f(x):\n    """Shows\n```\ncode\n```\nlike this."""\n    return x + 1'
    answer = propose(prompt(program), 1, 0.0, Random(0))[0]
    assert "\n````python\n" in answer
    compile(source_of(answer), "answer", "exec")


@pytest.mark.parametrize(
    "message",
    [
        "",
        "nothing here",
        "```python\nx = 1\n```",
        "```python\ndef f(:\n```",
        "```python\nclass A:\n    def f(self): pass\n```",
        "```python\ndef f(x):\n    return '\0'\n```",
        "```python\ndef f(x):\n    return '\ud800'\n```",
        "```python\ndef f(x):\n    return " + "(" * 5000 + ")" * 5000 + "\n```",
        "```python\ndef f(x):\n    return " + "-" * 5000 + "x\n```",
        "```python\ndef f(x):\n    return " + "+".join(["x"] * 9000) + "\n```",
        "```python\ndef f(x):\n    return " + "9" * 5000 + "\n```",
        "```python\ndef f(x):\n    return 0x" + "f" * 9000 + "\n```",
        "```\n" * 30000,
        "```python\ndef f(x): pass\n" * 20000,
        "`" * 1_000_000,
        "def f(x): return x\n" * 50_000,
        "```python\n" + "def f(x): return x\n" * 50_000,
        "x" * 1_000_000,
        "\u202e\u2028```python\ndef ƒ(𝔵):\n    return 𝔵\n```",
        "a." * 200_000,
        "max(" + "a, " * 300_000,
    ],
    ids=range(21),
)
def test_hostile_prompts_are_answered_in_time(message):
    began = time.process_time()
    answers = propose(message, 8, 1.0, Random(0))
    assert time.process_time() - began < 3.0
    assert len(answers) == 8
    for answer in answers:
        assert isinstance(answer, str) and len(answer) < 500_000


@pytest.mark.parametrize("n_lines", [900, 5000], ids=["as long as is edited", "longer"])
def test_a_long_prompt_is_answered_in_a_second(n_lines):
    body = "".join(f"    y{line} = x + {line}\n" for line in range(n_lines))
    message = prompt(f"def f(x):\n{body}    return x", around="words " * 15_000)
    began = time.process_time()
    answer = propose(message, 1, 0.7, Random(0))[0]
    assert time.process_time() - began < 1.0
    assert (source_of(answer) is not None) == (n_lines == 900)


@pytest.mark.parametrize("temperature", [float("nan"), float("inf"), -1.0, 1e300])
def test_any_temperature_is_taken(temperature):
    assert len(propose(prompt(PROGRAMS["rule"]), 3, temperature, Random(0))) == 3


@settings(max_examples=60, deadline=None)
@given(st.text(), st.integers(0, 4), st.floats(0, 3), st.integers(0, 99))
def test_any_text_is_answered(message, n, temperature, seed):
    assert len(propose(f"```python\n{message}\n```\n{message}", n, temperature, Random(seed))) == n


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(PROGRAMS)), st.integers(0, 10**6))
def test_answers_can_be_improved_again_and_stay_bounded(name, seed):
    rng, source = Random(seed), PROGRAMS[name]
    for _ in range(8):
        answer = propose(prompt(source), 1, 1.5, rng)[0]
        source = source_of(answer) or source
        compile(source, "answer", "exec")
        assert len(list(ast.walk(ast.parse(source)))) < 6000


def test_nothing_in_it_knows_a_task_or_an_improver():
    words = {"improve_algorithm", "utility", "language_model", "n_responses"}
    for path in sorted((PACKAGE / "tasks").glob("*/task.toml")):
        task = tomllib.loads(path.read_text())
        words |= {task["name"], task["entry"]}
        tree = ast.parse((path.parent / "seed_solution.py").read_text())
        words |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    words -= {"value", "item", "distance", "t", "s", "capacity", "weight", "now"}  # everyday words
    prose = {"utilities"}
    for path in sorted((PACKAGE / "worker" / "gp").glob("*.py")):
        found = set(re.findall(r"\w+", path.read_text())) - prose
        assert not found & words, f"{path.name}: {sorted(found & words)}"


def test_it_can_be_imported_under_another_parent_and_needs_the_standard_library_only():
    for path in sorted((PACKAGE / "worker" / "gp").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                assert all(alias.name.split(".")[0] in sys.stdlib_module_names for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                assert node.module.split(".")[0] in sys.stdlib_module_names
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 1
