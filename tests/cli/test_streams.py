"""Output that nobody reads any more is quiet, with an exit code of its own; and that of a full disk is one sentence."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from .conftest import SELFTAUGHT

SMALL = ("--budget-calls", "1", "--budget-responses", "2", "--budget-utility", "4", "--rng-seed", "1")
UNREAD = 141


@pytest.fixture
def closed_pipe():
    """The end to write to of a pipe that nobody reads."""
    with subprocess.Popen(["true"], stdin=subprocess.PIPE) as reader:
        reader.wait()
        assert reader.stdin is not None
        yield reader.stdin.fileno()
        reader.stdin = None


@pytest.fixture
def full_disk():
    """What takes nothing, as a file on a full disk does."""
    with Path("/dev/full").open("w") as full:
        yield full


@pytest.fixture
def improvement(selftaught):
    """The id of an improvement on record."""
    return selftaught("improve", "dispatch", *SMALL, "--json").document["run_id"]


@pytest.mark.parametrize(
    "arguments",
    [("--help",), ("--version",), ("show", "--help"), ("runs",), ("runs", "--json"), ("show",), ("show", "--json")],
)
def test_a_closed_pipe_is_no_error_and_makes_no_noise(improvement, closed_pipe, tmp_path, arguments):
    arguments = (*arguments, improvement) if arguments[0] == "show" and "--help" not in arguments else arguments
    ended = subprocess.run(
        [SELFTAUGHT, *arguments], cwd=tmp_path, stdout=closed_pipe, stderr=subprocess.PIPE, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (UNREAD, "")


def test_an_error_that_nobody_reads_is_its_exit_code(closed_pipe, tmp_path):
    ended = subprocess.run([SELFTAUGHT, "shw"], cwd=tmp_path, stderr=closed_pipe, stdout=subprocess.PIPE, check=False)
    assert (ended.returncode, ended.stdout) == (2, b"")


@pytest.mark.parametrize("stream", ["closed_pipe", "full_disk"])
def test_a_run_whose_progress_nobody_takes_goes_on(selftaught, request, stream, tmp_path):
    small = (*SMALL, "--rounds", "1", "--meta-budget-calls", "1", "--meta-budget-responses", "2")
    few = ("--meta-budget-utility", "2", "--repeats", "1", "--gate-repeats", "1", "--test-repeats", "1")
    ended = subprocess.run(
        [SELFTAUGHT, "run", "dispatch", *small, *few, "--fresh-repeats", "2"],
        cwd=tmp_path, stderr=request.getfixturevalue(stream), stdout=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0
    assert "Against the seed improver" in ended.stdout
    assert [run["status"] for run in selftaught("runs", "--json").document] == ["finished"]


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [("--help",), ("runs", "--help"), ("tasks",), ("tasks", "--json")])
def test_a_result_that_a_full_disk_does_not_take_is_one_sentence(full_disk, tmp_path, arguments, unbuffered):
    ended = subprocess.run(
        [SELFTAUGHT, *arguments], cwd=tmp_path, stdout=full_disk, stderr=subprocess.PIPE, text=True, check=False,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
    )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stderr.startswith("selftaught: the output could not be written: No space left on device; ")
    assert ended.stderr.count("\n") == 1


def test_what_a_full_disk_did_not_take_is_on_record(selftaught, full_disk, tmp_path):
    ended = subprocess.run(
        [SELFTAUGHT, "improve", "dispatch", *SMALL], cwd=tmp_path, stdout=full_disk, stderr=full_disk, check=False
    )
    assert ended.returncode == 1
    assert [run["status"] for run in selftaught("runs", "--json").document] == ["finished"]


def test_streams_that_were_closed_before_are_no_error(tmp_path):
    ended = subprocess.run(["sh", "-c", f"{SELFTAUGHT} tasks >&- 2>&-"], cwd=tmp_path, check=False)
    assert ended.returncode == 0
