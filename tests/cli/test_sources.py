"""Settings that nobody typed: what a file of the folder and the environment may say, and what they may not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from selftaught.cli.app import COMMANDS, make_app
from selftaught.errors import ConfigError
from selftaught.task_definition import BUNDLED_TASKS

SOLUTION = BUNDLED_TASKS / "bin_packing" / "seed_solution.py"
UNSAFE = "--unsafe-no-isolation"
CALLS = {
    "run": ("run", "bin_packing"),
    "improve": ("improve", "bin_packing"),
    "evaluate": ("evaluate", "bin_packing", SOLUTION),
    "transfer": ("transfer", "seed", "--tasks", "bin_packing"),
    "compare": ("compare", "--improvers", "seed,best_of_n", "--tasks", "bin_packing"),
    "resume": ("resume", "r-1"),
    "replay": ("replay", "r-1"),
    "audit": ("audit", "--bypass", "1"),
    "serve-model": ("serve-model", "gp", "--port", "0"),
}


def flags(command: str) -> set[str]:
    return {argument.name for argument in make_app(command)[command].assemble_argument_collection()}


def commands_with(flag: str) -> list[str]:
    return [command for command in COMMANDS if flag in flags(command)]


def table(command: str, *lines: str) -> str:
    return "\n".join([f"[{command}]", *lines, ""])


def write(folder: Path, text: str) -> None:
    (folder / "selftaught.toml").write_text(text, encoding="utf-8")


def assert_refused(called, flag: str, where: str) -> None:
    assert called.code == 2, called.stdout
    assert called.stdout == ""
    assert f"{where} may not set {flag}: " in called.stderr
    assert called.stderr.count("\n") == 1


def assert_nobody_switches_it_off(called, where: str) -> None:
    assert_refused(called, UNSAFE, where)
    assert f"type {UNSAFE} if you mean it" in called.stderr


def test_every_command_that_can_switch_the_isolation_off_is_called_here():
    assert commands_with(UNSAFE) == list(CALLS)


@pytest.mark.parametrize("command", CALLS)
def test_no_file_of_the_folder_switches_the_isolation_off(selftaught, tmp_path, command):
    write(tmp_path, table(command, "unsafe_no_isolation = true"))
    assert_nobody_switches_it_off(selftaught(*CALLS[command]), str(tmp_path / "selftaught.toml"))
    assert not (tmp_path / "selftaught.db").exists()


@pytest.mark.parametrize("command", CALLS)
def test_no_file_of_a_folder_above_switches_the_isolation_off(selftaught, tmp_path, command):
    (tmp_path / "a" / "b").mkdir(parents=True)
    write(tmp_path, table(command, "unsafe-no-isolation = true"))
    called = selftaught(*CALLS[command], folder="a/b")
    assert_nobody_switches_it_off(called, str(tmp_path / "selftaught.toml"))


@pytest.mark.parametrize("command", CALLS)
def test_no_variable_switches_the_isolation_off(selftaught, command):
    variable = f"SELFTAUGHT_{command.upper()}_UNSAFE_NO_ISOLATION"
    assert_nobody_switches_it_off(selftaught(*CALLS[command], variables={variable: "1"}), variable)


def test_whoever_types_the_flag_has_typed_it(selftaught, tmp_path):
    write(tmp_path, table("evaluate", "unsafe_no_isolation = true"))
    called = selftaught(*CALLS["evaluate"], UNSAFE)
    assert called.code == 0, called.stderr
    assert "UNSANDBOXED" in called.stdout


@pytest.mark.parametrize("mode", ["confined", "sealed"])
def test_no_file_weakens_the_isolation_but_its_owners_environment_may(selftaught, tmp_path, mode):
    write(tmp_path, table("evaluate", f'isolation = "{mode}"'))
    assert_refused(selftaught(*CALLS["evaluate"]), "--isolation", str(tmp_path / "selftaught.toml"))
    (tmp_path / "selftaught.toml").unlink()
    called = selftaught(*CALLS["evaluate"], "--json", variables={"SELFTAUGHT_EVALUATE_ISOLATION": mode})
    assert called.document["isolation"] == mode, called.stderr


def test_a_file_may_insist_on_what_is_stricter(selftaught, tmp_path):
    write(tmp_path, table("evaluate", 'isolation = "auto"'))
    assert selftaught(*CALLS["evaluate"]).code == 0


@pytest.mark.parametrize(
    ("command", "line", "flag"),
    [
        ("run", 'model = "http://example.invalid/v1#x"', "--model"),
        ("run", 'model = "mailbox:/tmp"', "--model"),
        ("run", 'model = "openai:gpt"', "--model"),
        ("run", 'store = "postgresql://example.invalid/x"', "--store"),
        ("run", 'store = "elsewhere.db"', "--store"),
        ("run", "price_in = 0", "--price-in"),
        ("run", "price-out = 0.0", "--price-out"),
        ("run", 'improver = "/etc/passwd"', "--improver"),
        ("run", 'improver = "../key"', "--improver"),
        ("improve", 'output = "x"', "--output"),
        ("improve", "overwrite = true", "--overwrite"),
        ("evaluate", 'solution = "x"', "--solution"),
        ("transfer", 'tasks = "dispatch,../x"', "--tasks"),
        ("plot", 'output = "x.svg"', "--output"),
    ],
)
def test_no_file_says_where_something_goes_or_comes_from(selftaught, tmp_path, command, line, flag):
    write(tmp_path, table(command, line))
    typed = {"evaluate": ("evaluate", "bin_packing"), "transfer": ("transfer", "seed"), "plot": ("plot", "r-1")}
    before = sorted(tmp_path.rglob("*"))
    assert_refused(selftaught(*typed.get(command, CALLS.get(command))), flag, str(tmp_path / "selftaught.toml"))
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("rounds = true", "--rounds: input should be a valid integer, not 'true'"),
        ("max-cost = 1e400", "--max-cost: input should be a finite number, not '1e400'"),
        ("max_cost = -inf", "--max-cost: input should be a finite number, not '-inf'"),
        ("rounds = 2.50", "--rounds: input should be a valid integer, not '2.50'"),
        ('accept = "no"', "--accept: input should be 'better' or 'always', not 'no'"),
    ],
)
def test_a_value_that_cannot_be_is_shown_as_it_was_written_and_where(selftaught, tmp_path, line, says):
    write(tmp_path, table("run", line))
    called = selftaught("run", "bin_packing")
    assert (called.code, called.stdout) == (2, "")
    assert called.stderr.splitlines()[-1] == f"selftaught: {says}; mend it in {tmp_path / 'selftaught.toml'}"


def test_a_value_of_the_environment_that_cannot_be_is_told_with_its_variable(selftaught):
    called = selftaught("run", "bin_packing", variables={"SELFTAUGHT_RUN_ROUNDS": "x"})
    assert called.stderr.endswith(": input should be a valid integer, not 'x'; mend it in SELFTAUGHT_RUN_ROUNDS\n")
    typed = selftaught("run", "bin_packing", "--rounds", "x")
    assert typed.stderr == "selftaught: --rounds: input should be a valid integer, not 'x'\n"


def test_switches_and_numbers_of_a_file_mean_what_they_say(selftaught, tmp_path):
    write(tmp_path, table("run", "json = true", "paper = false", "max_cost = 1_000.5", "max-seconds = 1e3"))
    document = selftaught("run", "bin_packing", "--estimate").document
    assert document["stops_at"] == {"cost_usd": 1000.5, "tokens": None, "seconds": 1000.0}
    write(tmp_path, table("run", "json = false"))
    assert "nothing is spent yet" in selftaught("run", "bin_packing", "--estimate").stdout


def test_its_owners_environment_may_say_where_something_goes(selftaught, tmp_path):
    variables = {"SELFTAUGHT_IMPROVE_STORE": "elsewhere.db", "SELFTAUGHT_IMPROVE_MODEL": "mailbx:x"}
    assert "'mailbx:x'" in selftaught(*CALLS["improve"], variables=variables).stderr
    variables = {"SELFTAUGHT_IMPROVE_OUTPUT": "made.py", "SELFTAUGHT_IMPROVE_STORE": "elsewhere.db"}
    called = selftaught(*CALLS["improve"], "--budget-calls", "1", "--budget-responses", "1", variables=variables)
    assert called.code == 0, called.stderr
    assert (tmp_path / "made.py").exists()
    assert (tmp_path / "elsewhere.db").exists()


def test_what_was_not_typed_is_told_in_one_line_and_what_was_typed_wins(selftaught, tmp_path):
    write(
        tmp_path,
        table("improve", "budget_calls = 1", "budget_responses = 100", 'improver = "best_of_n"', 'model = "gp"'),
    )
    typed = ("--budget-responses", "2", "--rng-seed", "3", "--json")
    called = selftaught(*CALLS["improve"], *typed, variables={"SELFTAUGHT_IMPROVE_WORKERS": "1"})
    assert called.code == 0, called.stderr
    told = [line for line in called.stderr.splitlines() if "not typed" in line]
    assert told == [
        "selftaught: settings that were not typed: --model, --budget-calls, --improver from "
        f"{tmp_path / 'selftaught.toml'}; --workers from SELFTAUGHT_IMPROVE_WORKERS"
    ]
    assert called.document["budget"]["calls"] == 1


def test_where_all_was_typed_nothing_is_told(selftaught, tmp_path):
    write(tmp_path, table("run", "rounds = 1"))
    assert "not typed" not in selftaught(*CALLS["evaluate"]).stderr


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rounds = 5\n", "'rounds' is no table of a command"),
        ("[rnu]\nrounds = 5\n", "did you mean run"),
        ("run = 5\n", "'run' is no table of a command"),
        ("[run\n", "is no TOML"),
        ("[run]\nno_such = 1\n", "no_such"),
        ("[run]\nrounds = -3\n", "--rounds"),
    ],
)
def test_a_file_with_a_mistake_is_one_sentence_but_help_is_there(selftaught, tmp_path, text, says):
    write(tmp_path, text)
    called = selftaught(*CALLS["run"])
    assert called.code == 2
    assert says in called.stderr.splitlines()[-1]
    assert selftaught("run", "--help").code == 0


def test_the_name_of_a_folder_reaches_the_terminal_escaped(selftaught, tmp_path):
    folder = tmp_path / "a\x1b[31m\nb"
    folder.mkdir()
    write(folder, table("evaluate", 'split = "validation"'))
    called = selftaught(*CALLS["evaluate"], folder=folder.name)
    assert called.code == 0
    assert "\x1b" not in called.stderr
    assert called.stderr.count("\n") == 1


TEXTS = [
    (command, argument.name)
    for command in COMMANDS
    for argument in make_app(command)[command].assemble_argument_collection()
    if {"str", "Path", "tuple"} & set(re.findall(r"\w+", str(argument.hint))) and argument.name.startswith("--")
]


@pytest.mark.parametrize(("command", "flag"), TEXTS)
def test_no_text_of_any_command_is_a_path_or_an_address_where_a_file_sets_it(tmp_path, monkeypatch, command, flag):
    monkeypatch.chdir(tmp_path)
    for value in ("/etc/passwd", "../key", "http://example.invalid/v1#x", "mailbox:x", "a,../b"):
        write(tmp_path, table(command, f'{flag.removeprefix("--")} = "{value}"'))
        with pytest.raises(ConfigError, match=f"may not set {flag}: "):
            make_app(command)([command])


def test_the_texts_of_all_commands_are_among_these():
    assert {"--store", "--model", "--improver", "--output", "--solution", "--tasks", "--run"} <= {
        flag for _, flag in TEXTS
    }
