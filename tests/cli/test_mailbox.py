"""A language model by files, through the command line: a writer answers what a call asks."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

PROGRAM = "def priority(p, d, w, now, mean):\n    return w / max(p, d - now)\n"
SMALL = ("--budget-calls", "1", "--budget-responses", "2", "--budget-utility", "3", "--rng-seed", "5")
BETWEEN_LOOKS_SECONDS = 0.05


@pytest.fixture
def writer(tmp_path) -> Iterator[list[str]]:
    """The answers that a writer wrote into `box`, in the order in which it did; each is the same program."""
    written: list[str] = []
    stop = threading.Event()

    def write() -> None:
        while not stop.wait(BETWEEN_LOOKS_SECONDS):
            for request in (tmp_path / "box").glob("[!.]*/request.json"):
                for name in json.loads(request.read_text(encoding="utf-8"))["answers"]:
                    answer = request.parent / name
                    if not answer.exists():
                        part = Path(f"{answer}.part")
                        part.write_text(f"Weigh by what is left:\n\n```python\n{PROGRAM}```\n", encoding="utf-8")
                        part.rename(answer)
                        written.append(name)

    thread = threading.Thread(target=write)
    thread.start()
    yield written
    stop.set()
    thread.join()


def test_an_improvement_by_files_and_the_same_again_without_a_question(selftaught, tmp_path, writer):
    command = ("improve", "dispatch", "--model", "mailbox:box", *SMALL, "--json")
    first = selftaught(*command)
    assert first.code == 0, first.stderr
    document = first.document
    assert (document["model"], document["is_language_model"]) == ("mailbox:box", True)
    assert document["source"].strip() == PROGRAM.strip()
    assert document["value_after"] > document["value_before"]
    assert writer == ["answer-1.md", "answer-2.md"]
    [letter] = (path for path in (tmp_path / "box").iterdir() if path.is_dir())
    assert "def priority" in (letter / "request.md").read_text(encoding="utf-8")
    again = selftaught(*command)
    assert again.document["value_after"] == document["value_after"]
    assert len(writer) == 2
    shown = selftaught("show", document["run_id"])
    assert "who wrote them" in shown.stdout
    assert "is not a language model" not in shown.stdout


def test_a_run_of_rounds_by_files_can_be_drawn_beside_others(selftaught, writer):
    ran = selftaught(
        "run", "dispatch", "--model", "mailbox:box", *SMALL, "--rounds", "0", "--repeats", "1",
        "--test-repeats", "1", "--fresh-repeats", "2", "--json",
    )  # fmt: skip
    assert ran.code == 0, ran.stderr
    curves = selftaught("curves", ran.document["run_id"])
    assert curves.code == 0, curves.stderr
    assert "who wrote them" in curves.stdout


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("mailbox:", "needs a folder, as in mailbox:DIR"),
        ("mailbox:file", "file is not a folder"),
        ("mailbox:file/box", "file is not a folder"),
        ("mailbox", "did you mean mailbox:DIR?"),
        ("mailbx:box", "there is no model 'mailbx:box'"),
    ],
)
def test_a_wrong_name_is_one_sentence_and_exit_code_2(selftaught, tmp_path, model, says):
    (tmp_path / "file").write_text("", encoding="utf-8")
    called = selftaught("improve", "dispatch", "--model", model)
    assert called.code == 2
    assert called.stdout == ""
    assert called.stderr.count("\n") == 1
    assert says in called.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_it_is_listed(selftaught):
    listed = {model["name"]: model for model in selftaught("models", "--json").document}
    assert listed["mailbox:DIR"]["is_language_model"] is True
    assert "mailbox:DIR" in selftaught("models").stdout
