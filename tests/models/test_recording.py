"""Recordings: what is written is read, what is none is one sentence, and nothing else is answered."""

from __future__ import annotations

import gzip
import os
import shlex
import tracemalloc
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selftaught.errors import ConfigError, LanguageModelError
from selftaught.models import ModelContext, Request, find_model, model_info, recording, replay_file
from selftaught.models import replay as replay_model
from selftaught.models.answers_on_record import AskedBy
from selftaught.models.recording import Header, RecordedBudget, RecordedInfo, read_recording, write_recording
from selftaught.models.replay import AnswerMissing, Refused
from selftaught.settings import RunSettings, checked_settings

NASTY = "\x00 \ud800 \udcff \uf7ff \x1b[31m \u202e \r\n"
ONE, TWO = "1" * 64, "2" * 64


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(replay_model.ReplayModel.__init__, "__kwdefaults__", {"patience_seconds": 0.0})


def header_of(n_requests: int, **changes) -> Header:
    given = {
        "version": 1,
        "made_by": "selftaught 0",
        "run_id": "r-1",
        "kind": "run",
        "models": [RecordedInfo(name="gp", summary="s", is_language_model=False, version="1", notice="It is none.")],
        "improvement_budget": RecordedBudget(calls=3, responses=2, utility_calls=5),
        "meta_budget": RecordedBudget(calls=1, responses=2, utility_calls=3),
        "settings": {"rng_seed": 5, "rounds": 1, "improver": "seed", "paper": True, "accept": None},
        "tasks": {"doubling": ONE},
        "improvers": {"seed": TWO},
        "requests": n_requests,
    }
    return Header(**{**given, **changes})


def request_of(**changes) -> Request:
    given = {"expertise": "e", "messages": ("a", "b"), "n_responses": 2, "temperature": 0.5, "scope": "round-1"}
    return Request(**{**given, "improver": ONE, **changes})


def asked_by(**changes) -> AskedBy:
    return AskedBy.of(request_of(**changes))


CAME_TO = {
    asked_by(): [["a0", NASTY], ["b0", ""]],
    asked_by(ordinal=1): Refused(message=f"no: {NASTY}"),
    asked_by(scope="other", improver=TWO): [["c", "d"], ["e", "f"]],
    asked_by(scope="shared", improver=ONE): [["1", "2"], ["3", "4"]],
    asked_by(scope="shared", improver=TWO): [["1", "2"], ["3", "4"]],
    asked_by(scope="split", improver=ONE): [["1", "2"], ["3", "4"]],
    asked_by(scope="split", improver=TWO): [["9", "9"], ["9", "9"]],
}


@pytest.fixture(params=["r.jsonl", "r.jsonl.gz"])
def path(request, tmp_path) -> Path:
    path = tmp_path / request.param
    write_recording(path, header_of(len(CAME_TO)), CAME_TO.items())
    return path


@pytest.fixture
def plain(tmp_path) -> Path:
    path = tmp_path / "plain"
    write_recording(path, header_of(len(CAME_TO)), CAME_TO.items())
    return path


def model_of(path, sandbox, *, rng_seed=5, tasks=None):
    context = ModelContext(sandbox=sandbox, rng_seed=rng_seed, tasks=tasks or {"doubling": ONE})
    return find_model(f"replay:{path}")(context)


def test_what_is_written_is_read_compressed_or_not(path):
    assert read_recording(path) == (header_of(len(CAME_TO)), CAME_TO)
    assert path.read_bytes()[:2] == (b"\x1f\x8b" if path.suffix == ".gz" else b'{"')
    path.read_bytes() if path.suffix == ".gz" else path.read_bytes().decode("utf-8")


def test_equal_recordings_are_equal_files(path, tmp_path):
    again = tmp_path / f"again{path.suffix}"
    write_recording(again, header_of(len(CAME_TO)), CAME_TO.items())
    assert again.read_bytes() == path.read_bytes()


def test_what_is_there_already_is_not_written_over_and_a_failure_leaves_nothing(path, tmp_path):
    with pytest.raises(FileExistsError):
        write_recording(path, header_of(0), [])
    assert read_recording(path)[1] == CAME_TO

    def breaks():
        yield from CAME_TO.items()
        raise KeyError

    with pytest.raises(KeyError):
        write_recording(tmp_path / "new", header_of(0), breaks())
    assert not (tmp_path / "new").exists()


def test_the_model_answers_what_is_in_it_as_it_was(path, run, sandbox):
    model = model_of(path, sandbox)
    assert (model.info.name, model.info.is_language_model) == ("gp", False)
    assert model.info.notice == f"It is none. {replay_file.REPLAY_INFO.notice}"
    assert (model.improvement_budget.calls, model.meta_budget.calls) == (3, 1)
    assert run(model.answer(request_of())).texts == ["a0", NASTY, "b0", ""]
    with pytest.raises(LanguageModelError, match="no: ") as refused:
        run(model.answer(request_of(ordinal=1)))
    assert not isinstance(refused.value, AnswerMissing)
    assert str(refused.value) == f"no: {NASTY}"


def test_another_improver_gets_what_all_got_in_its_place_and_nothing_where_they_differ(path, run, sandbox):
    model = model_of(path, sandbox)
    assert run(model.answer(request_of(scope="shared", improver="3" * 64))).texts == ["1", "2", "3", "4"]
    assert run(model.answer(request_of(scope="split", improver=TWO))).texts == ["9"] * 4
    with pytest.raises(AnswerMissing):
        run(model.answer(request_of(scope="split", improver="3" * 64)))


@pytest.mark.parametrize(
    "other",
    [
        {"messages": ("a", "c")},
        {"n_responses": 1},
        {"scope": "x"},
        {"ordinal": 2},
        {"temperature": 0.6},
        {"scope": "a\nb"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_is_not_in_it_ends_the_run_with_what_to_type(plain, run, sandbox, other):
    with pytest.raises(AnswerMissing) as missing:
        run(model_of(plain, sandbox).answer(request_of(**other)))
    said = str(missing.value)
    assert "\n" not in said
    command = shlex.split(said.partition("; type: ")[2])
    assert command == [
        "selftaught", "run", "doubling", "--model", f"replay:{plain}", "--rng-seed", "5", "--rounds", "1", "--paper",
    ]  # fmt: skip


def test_another_rng_seed_or_task_is_refused_before_anything_is_asked(plain, sandbox):
    with pytest.raises(ConfigError, match=r"was made with --rng-seed 5 and answers no other; type: selftaught run"):
        model_of(plain, sandbox, rng_seed=6)
    with pytest.raises(ConfigError, match=r"the task doubling is not the one that the recording .* was made with"):
        model_of(plain, sandbox, tasks={"doubling": TWO})
    model_of(plain, sandbox, tasks={"another": TWO})


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("improve", "selftaught improve doubling --model"),
        ("transfer", "selftaught transfer IMPROVER --tasks doubling --model"),
        ("compare", "selftaught compare --improvers seed --tasks doubling --model"),
    ],
)
def test_each_kind_of_run_has_its_command(kind, says):
    assert replay_file.command_of(header_of(0, kind=kind), Path("f")).startswith(says)


def test_a_command_is_safe_to_show_and_to_paste(sandbox):
    odd = header_of(
        0, tasks={"x; rm -rf /\x1b[31m": ONE}, settings={"rng_seed": 1, "improver": "$(reboot)", "evil": "x"}
    )
    command = replay_file.command_of(odd, Path("a b"))
    assert "\x1b" not in command
    assert shlex.split(command) == [
        "selftaught", "run", "x; rm -rf /\\x1b[31m", "--model", "replay:a b",
        "--rng-seed", "1", "--improver", "$(reboot)",
    ]  # fmt: skip


def test_the_command_of_a_recording_asks_for_its_settings():
    given = checked_settings(RunSettings, rng_seed=3, rounds=4, accept="always", workers=2, max_output_tokens=7)
    recorded = {name: value for name, value in given.model_dump().items() if name not in replay_file.NOT_ASKED_BY}
    words = shlex.split(replay_file.command_of(header_of(0, settings=recorded), Path("f")))
    assert words[5:] == ["--rng-seed", "3", "--rounds", "4", "--accept", "always"]


def test_a_model_of_that_kind_is_listed_and_known_by_name():
    assert model_info("replay:anything").name == "replay:anything"
    assert model_info("replay:anything").notice == replay_file.REPLAY_INFO.notice


# ---------------------------------------------------------------- what is no recording


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


HEADER = msgspec.json.encode(header_of(0))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "line 1: it is empty"),
        (b"\n", "line 1: "),
        (b"\x00" * 100, "line 1: "),
        (b"{}", "line 1: .*missing required field"),
        (HEADER.replace(b"selftaught-recording", b"another"), "line 1: "),
        (b"[" * 100_000, "line 1: "),
        (HEADER.replace(b'"version":1', b'"version":2'), "line 1: .*version"),
        (HEADER.replace(b'"requests":0', b'"requests":1'), "1 requests should be there, and 0 are"),
        (HEADER.replace(b'"requests":0', b'"requests":-1'), "line 1: "),
        (HEADER.replace(b'"requests":0', b'"requests":0,"more":1'), "line 1: .*unknown field `more`"),
        (HEADER.replace(b'"calls":3', b'"calls":0'), "line 1: "),
        (HEADER.replace(b'"rng_seed":5', b'"rng_seed":{}'), "line 1: "),
        (HEADER.replace(b'"kind":"run"', b'"kind":"\x1b[31m"'), "line 1: "),
        (HEADER.replace(b"It is none", b"\xff"), "line 1: "),
        (HEADER + b"\n{", "line 2: "),
        (HEADER + b"\n" + HEADER, "line 2: "),
        (b"\x1f\x8b", "damaged or ends too early"),
        (b"\x1f\x8bxxxxxxxx", "cannot be used"),
        (gzip.compress(HEADER)[:-9], "cannot be used"),
    ],
)  # fmt: skip
def test_what_is_no_recording_is_refused_in_a_sentence(tmp_path, content, says):
    path = tmp_path / "r\x1b[31m"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=f"cannot be used: .*{says}|{says}") as raised:
        read_recording(path)
    assert "\n" not in str(raised.value)
    assert "\x1b" not in str(raised.value)
    assert len(str(raised.value)) < 1000


def test_a_request_twice_or_missing_is_refused(plain):
    lines = lines_of(plain)
    plain.write_bytes(b"".join([*lines, lines[1]]))
    with pytest.raises(ConfigError, match="line 9: the same request was there before"):
        read_recording(plain)
    plain.write_bytes(b"".join(lines[:-1]))
    with pytest.raises(ConfigError, match="7 requests should be there, and 6 are"):
        read_recording(plain)


def test_what_is_no_file_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name, says in (("pipe", "it is not a file"), (".", "directory"), ("none", "No such file"), ("\x00", "null")):
        with pytest.raises(ConfigError, match=says):
            find_model(f"replay:{tmp_path / name}")
    with pytest.raises(ConfigError, match="replay: needs a file"):
        find_model("replay: ")


def test_what_is_too_long_is_refused_before_it_is_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(recording, "MAX_LINE_BYTES", 100_000)
    monkeypatch.setattr(recording, "MAX_FILE_BYTES", 300_000)
    bomb = tmp_path / "bomb.gz"
    bomb.write_bytes(gzip.compress(HEADER + b"\n" + b" " * 200_000_000))
    tracemalloc.start()
    with pytest.raises(ConfigError, match="line 2: it is too long"):
        read_recording(bomb)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()
    line = msgspec.json.encode(recording._line(asked_by(), [["x" * 1000]]))
    bomb.write_bytes(
        b"".join([HEADER, *(b"\n" + line.replace(b'"ordinal":0', b'"ordinal":%d' % n) for n in range(999))])
    )
    with pytest.raises(ConfigError, match=r"line \d+: it is too long"):
        read_recording(bomb)
    monkeypatch.setattr(recording, "MAX_LINES", 3)
    with pytest.raises(ConfigError, match="line 4: it is too long"):
        read_recording(bomb)


VALID = b"".join([HEADER.replace(b'"requests":0', b'"requests":2'), b"\n"]) + b"\n".join(
    msgspec.json.encode(recording._line(*item)) for item in list(CAME_TO.items())[:2]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)


@st.composite
def broken(draw) -> bytes:
    """A recording with something cut out, put in, or exchanged; in the bytes, or in the values of a line."""
    content = bytearray(VALID)
    if draw(st.booleans()):
        for _ in range(draw(st.integers(1, 4))):
            start = draw(st.integers(0, len(content)))
            length = draw(st.integers(0, 30))
            content[start : start + length] = draw(st.binary(max_size=20))
        return bytes(content)
    lines = [msgspec.json.decode(line) for line in VALID.splitlines()]
    line = draw(st.sampled_from(lines))
    line[draw(st.sampled_from([*line, "more"]))] = draw(JSON)
    encoded = b"\n".join(msgspec.json.encode(each) for each in lines)
    return gzip.compress(encoded) if draw(st.booleans()) else encoded


@settings(max_examples=400, deadline=None)
@given(content=st.binary(max_size=300) | st.binary(max_size=60).map(gzip.compress) | broken())
def test_any_file_is_a_recording_or_one_sentence(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / f"fuzzed-{os.getpid()}"
    path.write_bytes(content)
    try:
        header, came_to = read_recording(path)
    except ConfigError as error:
        assert "\n" not in str(error)
        assert "\x1b" not in str(error)
        return
    assert header.requests == len(came_to)
    assert "\x1b" not in replay_file.command_of(header, path)
    model = replay_file.Recording(path, header, came_to)
    assert model.find(replace(request_of(), scope="nobody")) is None


@settings(max_examples=100, deadline=None)
@given(texts=st.lists(st.lists(st.text(), min_size=1, max_size=3), min_size=1, max_size=3), scope=st.text(max_size=50))
def test_any_text_comes_back(tmp_path_factory, texts, scope):
    path = tmp_path_factory.mktemp("any") / "r.gz"
    came_to = {AskedBy(scope=scope, improver=ONE, request_sha256=TWO, ordinal=0): texts}
    write_recording(path, header_of(1), came_to.items())
    assert read_recording(path)[1] == came_to
