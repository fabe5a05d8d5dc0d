"""Recordings from the command line: one is checked in, and gives the figures with which it was made, on any machine."""

from __future__ import annotations

import json
import math
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from selftaught.models.recording import read_recording
from selftaught.models.replay_file import command_of

RECORDINGS = Path(__file__).parents[1] / "recordings"
HOW_IT_WAS_DONE = {"run_id", "seconds", "isolation", "settings", "notice"}
SMALL = ("--budget-calls", "2", "--budget-responses", "3", "--budget-utility", "8", "--rng-seed", "4")


REFUSE_NETWORK = """
import runpy, sys

def refuse(event, arguments):
    reaches_out = event in ("socket.connect", "socket.sendto", "socket.bind") and isinstance(arguments[1], tuple)
    if reaches_out or event in ("socket.getaddrinfo", "socket.gethostbyname"):
        raise OSError(f"there is no network here: {event}")

sys.addaudithook(refuse)
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Runs a script of Python that cannot reach any address, not even one of this machine."""

CONNECT = "import socket, sys\nsocket.create_connection(('127.0.0.1', int(sys.argv[1])), timeout=5)\n"


@pytest.fixture(scope="module")
def offline() -> list[str]:
    """What starts a script without a network: refused by Python, and taken away by the kernel where that lets us."""
    namespaces = (["unshare", "--net"], ["unshare", "--map-root-user", "--net"])
    allowed = [each for each in namespaces if subprocess.run([*each, "true"], capture_output=True).returncode == 0]
    return [*(allowed[0] if allowed else []), sys.executable, "-c", REFUSE_NETWORK]


def figures(value, name=""):
    """Every value of a document by where it stands, but how it was done."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in HOW_IT_WAS_DONE:
                yield from figures(item, f"{name}.{key}")
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from figures(item, f"{name}[{place}]")
    else:
        yield name, value


def test_who_is_started_offline_reaches_nobody(offline, tmp_path):
    """The control for the next test: it would notice a network that is not cut off."""
    script = tmp_path / "connect.py"
    script.write_text(CONNECT)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        by_kernel, by_python = offline[:-3], offline[-3:]
        starters = [by_python, *([[*by_kernel, sys.executable], offline] if by_kernel else [])]
        ended = [subprocess.run([*each, script, port], capture_output=True, text=True) for each in starters]
        assert [(end.returncode, "OSError" in end.stderr) for end in ended] == [(1, True)] * len(starters)
        assert subprocess.run([sys.executable, script, port]).returncode == 0


def test_the_recording_that_is_checked_in_gives_its_figures_again_without_a_network(selftaught, offline):
    """Where this fails because a prompt has changed: `make recording`."""
    recording = RECORDINGS / "dispatch.jsonl.gz"
    then = json.loads((RECORDINGS / "dispatch.json").read_text(encoding="utf-8"))
    header, _ = read_recording(recording)
    [_, *command] = shlex.split(command_of(header, recording))
    called = selftaught(*command, "--json", starter=offline)
    assert called.code == 0, called.stderr
    again = called.document
    assert again["settings"]["model"] == f"replay:{recording}"
    before, after = dict(figures(then)), dict(figures(again))
    assert before.keys() == after.keys()
    for name, value in before.items():
        if isinstance(value, float):  # other versions of Python add up more exactly
            assert math.isclose(after[name], value, rel_tol=1e-9, abs_tol=1e-9), name
        else:
            assert after[name] == value, name
    shown = selftaught("show", again["run_id"]).stdout
    assert "gp is not a language model" in shown
    assert "The answers came from a recording" in shown


def test_a_recording_is_made_and_replayed_and_another_run_is_told_what_to_type(selftaught, tmp_path):
    improved = selftaught("improve", "dispatch", *SMALL, "--json").document
    exported = selftaught("export", improved["run_id"], "--recording", "r.gz", "--json")
    assert exported.code == 0, exported.stderr
    document = exported.document
    assert (document["run_id"], document["file"]) == (improved["run_id"], "r.gz")
    assert document["requests"] >= 1
    assert document["bytes"] == (tmp_path / "r.gz").stat().st_size

    [_, *command] = shlex.split(document["command"])
    again = selftaught(*command, "--store", "elsewhere.db", "--json")
    assert again.code == 0, again.stderr
    assert dict(figures(again.document)) == dict(figures(improved))

    for flags, code in ((("--rng-seed", "5"), 2), (("--rng-seed", "4", "--budget-responses", "2"), 1)):
        refused = selftaught("improve", "dispatch", "--model", "replay:r.gz", *flags, "--json")
        assert (refused.code, refused.stdout) == (code, "")
        assert refused.stderr.count("\n") == 1
        assert refused.stderr.strip().endswith(document["command"])
    assert [run["rng_seed"] for run in selftaught("runs", "--json").document] == [4, 4], "a wrong call is no run"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("export", "r-1", "--recording", "x", "--output", "y"), "--recording and --output exclude each other"),
        (("export", "r-1", "--recording", "there"), "there exists already; name another with --recording"),
        (("export", "r-1", "--recording", "no/x"), "no/x cannot be written: No such file or directory"),
        (("improve", "dispatch", "--model", "replay:none"), "the recording none cannot be used: No such file"),
        (("improve", "dispatch", "--model", "replay:there"), "the recording there cannot be used: line 1: it is empty"),
        (("improve", "dispatch", "--model", "replay:"), "replay: needs a file, as in replay:FILE"),
    ],
)
def test_a_wrong_call_is_one_sentence(selftaught, tmp_path, arguments, says):
    (tmp_path / "there").touch()
    if arguments[-1] == "no/x":
        made = selftaught("improve", "dispatch", *SMALL, "--json").document["run_id"]
        arguments = (arguments[0], made, *arguments[2:])
    called = selftaught(*arguments)
    assert (called.code, called.stdout) == (2, "")
    assert called.stderr.count("\n") == 1
    assert says in called.stderr


def test_of_a_run_that_is_not_finished_there_is_no_recording(selftaught, tmp_path):
    failed = selftaught(
        "improve", "dispatch", "--model", f"replay:{RECORDINGS / 'dispatch.jsonl.gz'}", "--rng-seed", "0"
    )
    assert failed.code == 1
    [run] = selftaught("runs", "--json").document
    refused = selftaught("export", run["run_id"], "--recording", "x.gz")
    assert refused.code == 2
    assert "is not finished (failed: the recording" in refused.stderr
    assert not (tmp_path / "x.gz").exists()
