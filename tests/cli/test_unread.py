"""Output that nobody reads any more: quiet, with an exit code of its own, and nothing is lost."""

from __future__ import annotations

import subprocess

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


def test_a_run_whose_progress_nobody_reads_goes_on(selftaught, closed_pipe, tmp_path):
    small = (*SMALL, "--rounds", "1", "--meta-budget-calls", "1", "--meta-budget-responses", "2")
    few = ("--meta-budget-utility", "2", "--repeats", "1", "--gate-repeats", "1", "--test-repeats", "1")
    ended = subprocess.run(
        [SELFTAUGHT, "run", "dispatch", *small, *few, "--fresh-repeats", "2"],
        cwd=tmp_path, stderr=closed_pipe, stdout=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0
    assert "Against the seed improver" in ended.stdout
    assert [run["status"] for run in selftaught("runs", "--json").document] == ["finished"]
