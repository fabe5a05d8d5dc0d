"""The log of events: lines that any reader takes, without keys, and never a reason for a run to end."""

from __future__ import annotations

import json
import os
import stat
import threading
import warnings

import pytest

from selftaught.errors import ConfigError
from selftaught.event_log import events_to
from selftaught.telemetry import step

KEY = "planted-4f9a2c7e"


def lines_of(path):
    return [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.jsonl"


def test_a_step_is_a_line_when_it_begins_and_one_when_it_ends(path):
    with events_to(str(path)), step("round", round=1) as told:
        told.note(accepted=True, test=0.5, nothing=None)
    started, ended = lines_of(path)
    assert started.pop("timestamp") < ended.pop("timestamp")
    assert started == {"event": "round started", "round": 1}
    assert ended.pop("seconds") >= 0
    assert ended == {"event": "round ended", "round": 1, "accepted": True, "test": 0.5}


def test_steps_inside_of_others_say_where_they_belong(path):
    with events_to(str(path)), step("run", run_id="r-1"), step("round", round=2):
        with step("improvement", scope="round-2"), step("call", model="gp"):
            pass
        with step("evaluation", task="dispatch"):
            pass
    ended = {line["event"]: line for line in lines_of(path) if line["event"].endswith("ended")}
    assert {name: ended["call ended"].get(name) for name in ("run_id", "round", "scope")} == {
        "run_id": "r-1", "round": 2, "scope": "round-2",
    }  # fmt: skip
    assert ended["evaluation ended"]["round"] == 2
    assert "scope" not in ended["evaluation ended"]
    assert "round" not in ended["run ended"]


def test_what_goes_wrong_inside_is_told_and_goes_on(path):
    with events_to(str(path)), pytest.raises(ZeroDivisionError), step("call"):
        _ = 1 / 0
    assert lines_of(path)[1]["error"] == "ZeroDivisionError"


def test_outside_of_it_nothing_is_written(path):
    with events_to(str(path)):
        pass
    with step("round", round=1):
        pass
    assert path.read_text(encoding="ascii") == ""


def test_a_file_that_is_there_is_continued(path):
    for number in (1, 2):
        with events_to(str(path)), step("round", round=number):
            pass
    assert [line["round"] for line in lines_of(path)] == [1, 1, 2, 2]


def test_a_new_file_is_for_its_owner_alone(path):
    before = os.umask(0)
    try:
        with events_to(str(path)):
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_keys_are_hidden_in_every_fact(path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with events_to(str(path)), step("improvement", scope=f"a {KEY}", task="Bearer abcdefgh") as told:
        told.note(message=f'it said "{KEY}" and "Authorization: Bearer xyz12345"', finishes=[KEY, "stop"])
    text = path.read_text(encoding="ascii")
    assert not [secret for secret in (KEY, "abcdefgh", "xyz12345") if secret in text]
    ended = lines_of(path)[1]
    assert ended["message"] == 'it said "[key]" and "Authorization: Bearer [key]"'
    assert ended["finishes"] == ["[key]", "stop"]


def test_a_text_of_a_program_is_one_line_of_bounded_length(path):
    with events_to(str(path)), step("improvement", message="a\nb\u2028\ud800\x1b[31m" + "x" * 10_000):
        pass
    assert [len(line["message"]) for line in lines_of(path)] == [500, 500]


@pytest.mark.parametrize("name", ["no/such/folder/log", ".", "pipe", "nul\0l"])
def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path, name):
    os.mkfifo(tmp_path / "pipe")
    with (
        pytest.raises(ConfigError, match=r"cannot be written: .*; name another with --log"),
        events_to(str(tmp_path / name)),
    ):
        pass


def test_a_disk_that_is_full_ends_the_log_and_not_the_work():
    done = []
    full = pytest.warns(UserWarning, match="takes no more lines: No space left on device")
    with full as warned, events_to("/dev/full"):
        for number in range(3):
            with step("round", round=number):
                done.append(number)
    assert done == [0, 1, 2]
    assert len(warned) == 1


def test_a_pipe_with_a_reader_is_written_to(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    read = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_text(encoding="ascii")))
    reader.start()
    while True:
        try:
            with events_to(str(tmp_path / "pipe")), step("round", round=1):
                pass
            break
        except ConfigError:  # the reader is not there yet
            continue
    reader.join()
    assert len(read[0].splitlines()) == 2


def test_listening_warns_of_nothing(path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with events_to(str(path)), step("round", round=1):
            pass
