"""The commands, their JSON documents, their exit codes, and what they say of bad input."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from selftaught.settings import ModelSettings
from selftaught.task_definition import BUNDLED_TASKS

SMALL = (
    "--rounds", "1", "--repeats", "1", "--gate-repeats", "2", "--test-repeats", "2", "--fresh-repeats", "3",
    "--budget-calls", "2", "--budget-responses", "3", "--budget-utility", "8",
    "--meta-budget-calls", "1", "--meta-budget-responses", "3", "--meta-budget-utility", "4",
)  # fmt: skip
COMMANDS = (
    "run", "improve", "evaluate", "transfer", "compare", "runs", "show", "audit", "export", "plot", "curves",
    "tasks", "improvers", "models", "serve-model", "doctor",
)  # fmt: skip

HEAVY = (
    "sqlalchemy", "numpy", "msgspec", "alembic", "selftaught.engine", "structlog", "opentelemetry", "fastapi",
    "uvicorn", "openai", "genai_prices", "anthropic", "google.genai", "httpx2",
)  # fmt: skip
SELDOM_NEEDED = ("structlog", "opentelemetry.sdk", "fastapi", "uvicorn", "openai", "anthropic", "google.genai")


def test_help_names_every_command_and_loads_no_engine(selftaught):
    called = selftaught("--help")
    assert called.code == 0
    assert all(f" {command} " in called.stdout for command in COMMANDS)
    script = (
        "import sys; from selftaught.cli.app import call; call(['--help']); "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert loaded.stdout.splitlines()[-1] == "[]"


def test_a_command_on_the_embedded_model_loads_no_server_client_or_telemetry(tmp_path):
    script = (
        "import sys; from selftaught.cli.app import call; "
        "code = call(['improve', 'dispatch', '--rng-seed', '0', '--budget-calls', '1', '--json']); "
        f"print([name for name in {SELDOM_NEEDED!r} if name in sys.modules]); sys.exit(code)"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SELFTAUGHT_", "OTEL_"))}
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path, env=environment
    )
    assert ran.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(selftaught, command):
    called = selftaught(command, "--help")
    assert called.code == 0
    assert "--json" in called.stdout


@pytest.mark.parametrize("command", ["run", "improve", "transfer", "compare", "audit", "resume", "serve-model"])
def test_the_help_of_a_command_shows_first_what_it_is_about_and_last_how_providers_are_asked(selftaught, command):
    shown = selftaught(command, "--help", variables={"COLUMNS": "80"}).stdout
    assert max(map(len, shown.splitlines())) <= 80
    main, of_models = shown.split("Language models over the network, and what may be spent")
    assert not [name for name in ModelSettings.model_fields if f"--{name.replace('_', '-')} " in main]
    assert of_models.index("--max-cost ") < of_models.index("--outage-seconds ")
    assert "--json" in main
    assert "--json" not in of_models


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("run", "dispach"), "did you mean dispatch"),
        (("run", "dispatch", "--model", "gq"), "did you mean gp"),
        (("run", "dispatch", "--improver", "sead"), "did you mean seed"),
        (("run", "dispatch", "--rounds", "-1"), "--rounds"),
        (("run", "dispatch", "--budget-calls", "none"), "--budget-calls"),
        (("run", "dispatch,dispatch"), "named twice"),
        (("run",), "--task"),
        (("run", "dispatch", "--no-such-flag"), "--no-such-flag"),
        (("evaluate", "dispatch", "no_such_file.py"), "no_such_file.py"),
        (("evaluate", "dispatch", "no_such_file.py", "--split", "fresh"), "split"),
        (("compare", "--improvers", "seed", "--tasks", "lpn"), "two or more"),
        (("compare", "--improvers", "seed,seed", "--tasks", "lpn"), "two or more"),
        (("compare", "--improvers", "seed,sead", "--tasks", "lpn"), "did you mean seed"),
        (("no-such-command",), "no-such-command"),
        (("audt",), "did you mean audit"),
        (("show",), "show needs RUN"),
        (("show", "r-1"), "there is no store at"),
        (("transfer", "r-1", "--tasks", "lpn"), "there is no store at"),
        (("improve", "lpn", "--improver", "r-1:2"), "there is no store at"),
    ],
)
def test_a_wrong_call_is_one_sentence_and_exit_code_2(selftaught, tmp_path, arguments, says):
    called = selftaught(*arguments)
    assert called.code == 2
    assert called.stdout == ""
    assert called.stderr.count("\n") == 1
    assert says in called.stderr
    assert not (tmp_path / "selftaught.db").exists()


def test_lists_follow_the_contract(selftaught):
    tasks = selftaught("tasks", "--json").document
    names = {task["name"] for task in tasks}
    assert {"bin_packing", "dispatch", "job_shop", "knapsack", "lpn", "tsp_construct"} <= names
    assert all({"name", "entry", "summary", "seed_solution", "reference"} <= task.keys() for task in tasks)
    improvers = selftaught("improvers", "--json").document
    assert {"seed", "greedy", "best_of_n"} <= {improver["name"] for improver in improvers}
    assert all(improver["summary"] for improver in improvers)
    embedded = {model["name"]: model for model in selftaught("models", "--json").document}
    for name in ("gp", "gp-expressions"):
        assert embedded[name]["is_language_model"] is False
        assert "not a language model" in embedded[name]["summary"]


def test_doctor_names_the_mode_and_each_layer(selftaught):
    called = selftaught("doctor")
    assert called.code == 0
    assert all(word in called.stdout for word in ("isolation:", "bubblewrap", "landlock", "seccomp", "self-test"))
    assert selftaught("doctor", "--json").document["mode"] in ("full", "confined", "sealed")


def test_doctor_says_whether_a_store_is_whole(selftaught, tmp_path):
    run_id = selftaught("run", "lpn", *SMALL, "--store", "here.db", "--json").document["run_id"]
    called = selftaught("doctor", "--store", "here.db")
    assert (called.code, "store: here.db: whole" in called.stdout) == (0, True)
    with contextlib.closing(sqlite3.connect(tmp_path / "here.db")) as connection, connection:
        connection.execute("UPDATE texts SET text = text || '!' WHERE sha256 = (SELECT improver FROM rounds LIMIT 1)")
        connection.execute("DELETE FROM runs WHERE run_id = ?", (run_id,))
    called = selftaught("doctor", "--store", "here.db", "--json")
    assert called.code == 1
    problems = called.document["store"]["problems"]
    assert any("point to rows of runs that are not there" in problem for problem in problems)
    assert any("is not what was written" in problem for problem in problems)
    assert selftaught("doctor", "--store", "there.db").code == 2


def test_evaluate_gives_a_value_with_its_interval(selftaught, solution):
    path = solution("def priority(p, d, w, now, mean):\n    return w / max(p, d - now)\n")
    called = selftaught("evaluate", "dispatch", path, "--json")
    assert called.code == 0
    document = called.document
    assert {"task", "split", "outcome", "message", "value", "low", "high", "n", "violations"} <= document.keys()
    assert document["outcome"] == "ok"
    assert document["low"] <= document["value"] <= document["high"]
    assert 0.9 < document["value"] < 1.1
    assert document["split"] == "test"
    other = selftaught("evaluate", "dispatch", path, "--split", "validation", "--rng-seed", "1", "--json").document
    assert other["n"] != document["n"]


@pytest.mark.parametrize(
    ("source", "outcome"),
    [
        ("def priority(:\n", "invalid_source"),
        ("x = 1\n", "invalid_source"),
        ("", "invalid_source"),
        ("def priority(*a):\n    raise RuntimeError('\\x1b[31mred')\n", "raised"),
        ("import os\ndef priority(*a):\n    os._exit(0)\n", "exited"),
        ("def priority(*a):\n    while True: pass\n", "timed_out"),
    ],
)
def test_a_failing_solution_has_an_outcome_and_no_value(selftaught, solution, source, outcome):
    path = solution(source)
    document = selftaught("evaluate", "dispatch", path, "--json").document
    assert (document["outcome"], document["value"]) == (outcome, None)
    assert document["message"]
    called = selftaught("evaluate", "dispatch", path)
    assert called.code == 1
    assert "\x1b" not in called.stdout


def test_a_run_is_recorded_shown_and_exported(selftaught, tmp_path):
    called = selftaught("run", "dispatch", *SMALL, "--json")
    assert called.code == 0, called.stderr
    document = called.document
    expected = {
        "run_id", "task", "model", "isolation", "rng_seed", "rounds", "seed_improver", "best_of_n", "improver", "gain",
        "budget", "evaluations", "violations",
    }  # fmt: skip
    assert expected <= document.keys()
    assert [made["round"] for made in document["rounds"]] == [0, 1]
    assert all({"validation", "test", "accepted", "improver"} <= made.keys() for made in document["rounds"])
    assert all({"mean", "low", "high", "n"} == document[key]["test"].keys() for key in ("seed_improver", "best_of_n"))
    assert {"mean", "low", "high", "p_value", "n"} == document["gain"].keys()
    assert {"calls", "responses", "utility_calls", "seconds"} <= document["budget"].keys()
    assert "round 1 of 1" in called.stderr
    run_id = document["run_id"]

    [listed] = selftaught("runs", "--json").document
    assert (listed["run_id"], listed["status"]) == (run_id, "finished")
    shown = selftaught("show", run_id, "--json").document
    assert {key: shown[key] for key in document} == document
    assert run_id in selftaught("show", run_id).stdout
    assert selftaught("improve", "dispatch", "--improver", f"{run_id}:1", *SMALL[10:16], "--json").code in (0, 1)

    assert selftaught("plot", run_id, "--output", "run.png").code == 0
    assert (tmp_path / "run.png").read_bytes().startswith(b"\x89PNG")
    assert selftaught("plot", run_id, "--output", "run.gif").code == 2

    assert selftaught("export", run_id, "--output", "run.json").code == 0
    assert selftaught("export", run_id, "--output", "run.json").code == 2
    assert selftaught("export", run_id, "--output", "folder").code == 0
    programs = {path.stem for path in (tmp_path / "folder" / "programs").iterdir()}
    assert document["improver"]["sha256"] in programs


def test_improve_writes_the_better_solution_and_never_overwrites_unasked(selftaught, tmp_path):
    arguments = ("improve", "dispatch", "--improver", "greedy", "--budget-calls", "3", "--budget-responses", "4")
    called = selftaught(*arguments)
    assert called.code == 0, called.stderr
    assert "gp is not a language model" in called.stdout
    assert "def priority" in (tmp_path / "improved_dispatch.py").read_text()
    assert selftaught(*arguments).code == 2
    document = selftaught(*arguments, "--json").document
    assert {"task", "improver", "model", "value_before", "value_after", "source", "budget"} <= document.keys()


def test_transfer_measures_three_columns(selftaught):
    called = selftaught("transfer", "greedy", "--tasks", "dispatch,knapsack", *SMALL[8:16], "--json")
    assert called.code == 0, called.stderr
    rows = called.document["tasks"]
    assert [row["task"] for row in rows] == ["dispatch", "knapsack"]
    assert all(row[key]["n"] == 3 for row in rows for key in ("initial", "seed_improver", "improver"))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("improve", "lpn", "--budget-calls", "1", "--rng-seed", "1"), "on the test split"),
        (("transfer", "greedy", "--tasks", "lpn", *SMALL[8:16]), "u(I_T(s))"),
        (("compare", "--improvers", "seed,greedy", "--tasks", "lpn", *SMALL[8:16]), "too few to tell"),
        (("audit", "--bypass", "3", "--rng-seed", "0"), "in either"),
    ],
)
def test_show_repeats_what_a_command_said_and_names_the_store(selftaught, tmp_path, arguments, says):
    called = selftaught(*arguments, "--store", "here.db")
    assert called.code == 0, called.stderr
    assert says in called.stdout
    [recorded] = selftaught("runs", "--store", "here.db", "--json").document
    shown = selftaught("show", recorded["run_id"], "--store", "here.db")
    assert shown.code == 0, shown.stderr
    lines = [line for line in called.stdout.splitlines() if line and not line.startswith("Written to ")]
    assert [line for line in shown.stdout.splitlines() if line] == lines
    if arguments[0] in ("improve", "audit"):
        assert f"--store {tmp_path / 'here.db'}`" in called.stdout


def test_a_run_stands_for_the_improver_of_its_last_round(selftaught):
    run_id = selftaught("run", "lpn", *SMALL, "--json").document["run_id"]
    named = [
        selftaught("improve", "lpn", "--improver", name, "--budget-calls", "1", "--rng-seed", "0", "--json").document
        for name in (run_id, f"{run_id}:1")
    ]
    assert named[0]["source"] == named[1]["source"]
    assert selftaught("improve", "lpn", "--improver", f"{run_id}:7").code == 2


def test_the_help_of_audit_explains_both_of_its_uses(selftaught):
    said = " ".join(selftaught("audit", "--help").stdout.split())
    assert "With --bypass N instead of a run" in said
    assert "what their source shows" in said


def test_an_improver_that_fails_is_said_plainly(selftaught, tmp_path):
    (tmp_path / "bad.py").write_text("def improve_algorithm(s, u, m):\n    return None\n")
    called = selftaught("improve", "dispatch", "--improver", "bad.py")
    assert called.code == 1
    assert "bad_output" in called.stdout
    assert not (tmp_path / "improved_dispatch.py").exists()


@pytest.mark.parametrize(
    ("numbers", "store"),
    [
        ([signal.SIGINT], ()),
        ([signal.SIGTERM], ("--store", "my runs.db")),
        ([signal.SIGINT, signal.SIGINT], ()),
    ],
)
def test_an_interrupt_ends_soon_and_loses_nothing(selftaught, tmp_path, numbers, store):
    command = [str(Path(sys.executable).with_name("selftaught")), "run", "dispatch", "--rounds", "4", *store]
    temporary, shared = tmp_path / "temporary", Path("/dev/shm")
    temporary.mkdir()
    before = {*shared.iterdir()}
    with subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=_heed_interrupts, env={**os.environ, "TMPDIR": str(temporary)},
    ) as process:  # fmt: skip
        assert process.stderr is not None
        process.stderr.readline()  # the seed improver has been measured
        asked = time.monotonic()
        for number in numbers:
            process.send_signal(number)
            time.sleep(0.05)
        said = process.communicate(timeout=60)[1]
        ended = time.monotonic()
    assert process.returncode == 1
    assert "interrupted: waiting for what is in flight" in said
    assert [*temporary.iterdir()] == []
    assert {path for path in {*shared.iterdir()} - before if path.owner() == tmp_path.owner()} == set()
    assert "Traceback" not in said
    assert ended - asked < 5  # 2 s are promised; this machine is shared
    [listed] = selftaught("runs", *store, "--json").document
    assert listed["status"] == "interrupted"
    where = f" --store '{tmp_path / 'my runs.db'}'" if store else ""
    assert f"`selftaught resume {listed['run_id']}{where}` goes on from there" in said
    assert selftaught("show", listed["run_id"], *store).code == 0
    assert _processes_of_session(process.pid) == []


def _heed_interrupts() -> None:
    """Undoes what a shell does to its background jobs, and so to tests that run in one: they ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _processes_of_session(session: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session:
            found.append(int(path.parent.name))
    return found


def test_settings_come_from_a_file_and_from_the_environment_too(selftaught, tmp_path, monkeypatch):
    (tmp_path / "selftaught.toml").write_text("[run]\nrounds = -3\n")
    called = selftaught("run", "dispatch")
    assert called.code == 2
    assert "--rounds" in called.stderr


def test_a_store_that_cannot_be_used_is_said_in_one_sentence(selftaught, tmp_path):
    (tmp_path / "not_a_store.db").write_text("this is no database, and it has to stay as it is\n" * 50)
    called = selftaught("runs", "--store", "not_a_store.db")
    assert called.code == 2
    assert called.stderr.count("\n") == 1
    missing = selftaught("runs", "--store", os.fspath(tmp_path / "missing" / "store.db"))
    assert missing.code == 2
    assert "missing" in missing.stderr


def test_output_into_a_closed_pipe_is_no_error(tmp_path):
    command = f"{Path(sys.executable).with_name('selftaught')} tasks --json | head -c 1"
    finished = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert finished.stderr == ""


HOSTILE = "\\x1b]0;owned\\x07 [/nope] [red]hi"


def hostile_task(folder: Path) -> Path:
    """A task folder whose seed solution fails with text that means something to a terminal and to rich."""
    folder.mkdir()
    (folder / "task.toml").write_text('name = "hostile"\nentry = "f"\nsummary = "none"\n')
    (folder / "seed_solution.py").write_text(f'def f(x):\n    raise ValueError("{HOSTILE}")\n')
    (folder / "utility.py").write_text(
        "def instances(split, rng, n):\n    return [((1,), 1)] * n\n\n\n"
        "def score(arguments, hidden, answer):\n    return 1\n"
    )
    return folder


def test_text_of_programs_reaches_no_terminal_unescaped_and_breaks_no_command(selftaught, tmp_path):
    failed = selftaught("improve", hostile_task(tmp_path / "hostile"))
    assert failed.code == 1
    [run] = selftaught("runs", "--json").document
    listed, shown = selftaught("runs"), selftaught("show", run["run_id"])
    for said in (failed.stderr, listed.stdout, shown.stdout):
        assert HOSTILE in said
        assert "\x1b" not in said
    assert (listed.code, shown.code) == (0, 0)
    assert "no round" in selftaught("transfer", run["run_id"], "--tasks", "dispatch").stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "x" * 5000),
        ("run", "dispatch", "--improver", "x" * 5000),
        ("improve", "dispatch", "--output", "no/x.py"),
    ],
)
def test_a_name_that_no_file_can_have_is_one_sentence(selftaught, arguments):
    called = selftaught(*arguments)
    assert called.code == 2
    assert called.stderr.count("\n") == 1
    assert len(called.stderr) < 500


def test_without_isolation_every_result_says_so(selftaught):
    ran = selftaught("run", "bin_packing", "--unsafe-no-isolation", *SMALL)
    run_id = ran.stdout.rsplit("show ", 1)[1].partition("`")[0]
    improved = selftaught("improve", "bin_packing", "--unsafe-no-isolation", *SMALL[10:16])
    program = BUNDLED_TASKS / "bin_packing" / "seed_solution.py"
    evaluated = selftaught("evaluate", "bin_packing", program, "--unsafe-no-isolation")
    transferred = selftaught("transfer", "seed", "--tasks", "bin_packing", *SMALL[8:16], "--unsafe-no-isolation")
    shown, listed = selftaught("show", run_id), selftaught("runs")
    for called in (ran, improved, evaluated, transferred, shown, listed):
        assert called.code == 0, called.stderr
        assert "UNSANDBOXED" in called.stdout
    for command in (("show", run_id), ("evaluate", "bin_packing", program, "--unsafe-no-isolation")):
        assert selftaught(*command, "--json").document["isolation"] == "unsandboxed"
    assert selftaught("export", run_id, "--json").document["run"]["isolation"] == "unsandboxed"


NAUGHTY = """
import socket


def improve_algorithm(initial_solution, utility, language_model):
    utility.budget = 10**9
    for attempt in (lambda: open("/etc/passwd"), lambda: open("\\x1b[31mnotes", "w"), socket.socket):
        try:
            attempt()
        except OSError:
            pass
    return initial_solution
"""


def test_an_audit_tells_what_was_tried_and_apart_from_it_what_the_source_shows(selftaught, solution):
    made = selftaught("improve", "bin_packing", "--improver", solution(NAUGHTY), "--output", "improved.py")
    assert made.code == 0, made.stderr
    assert "tried what they may not 4 times" in made.stdout
    run_id = selftaught("runs", "--json").document[0]["run_id"]
    assert "read_only_view: set UtilityView.budget" in selftaught("show", run_id).stdout
    audited = selftaught("audit", run_id)
    assert audited.code == 0, audited.stderr
    attempts, findings = audited.stdout.split("Static findings:")
    assert "open '/etc/passwd' for reading" in attempts
    assert "socket(AF_INET, SOCK_STREAM)" in attempts
    assert "import socket" not in attempts
    assert "import socket" in findings
    assert "\x1b" not in audited.stdout
    document = selftaught("audit", run_id, "--json").document
    assert {kind["kind"]: kind["count"] for kind in document["attempts"]["kinds"]} == {
        "file": 2, "socket": 1, "read_only_view": 1,
    }  # fmt: skip
    assert document["attempts"]["count"] == 4
    assert {"network", "files", "budget"} <= {kind["kind"] for kind in document["static_findings"]["kinds"]}
    assert selftaught("audit", "r-none").code == 2
