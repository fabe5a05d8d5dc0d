"""The mailbox: prompts as folders, answers as files that others write, and a folder that may hold anything."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftaught.budget import Budget
from selftaught.errors import ConfigError, LanguageModelError
from selftaught.models import ModelContext, Request, find_model, model_info
from selftaught.models.foreign_files import MAX_BYTES
from selftaught.models.mailbox import Mailbox, letter_name

PATIENCE = 40
"""How often a test lets the mailbox look before it says that no answer is taken."""

Writer = Callable[[Path], None]


class NotTaken(Exception):
    """The mailbox looked often and is still waiting."""


class Hours:
    """A clock that goes on while the mailbox sleeps; then the writer has its turn."""

    def __init__(self, box: Path, writer: Writer) -> None:
        self.box = box
        self.writer = writer
        self.now = 0.0
        self.looks = 0

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.now += seconds
        self.looks += 1
        if self.looks > PATIENCE:
            raise NotTaken
        self.writer(self.box)


def letters(box: Path) -> list[Path]:
    return sorted(path for path in box.iterdir() if path.is_dir() and not path.name.startswith("."))


def asked(letter: Path) -> dict:
    return json.loads((letter / "request.json").read_text(encoding="utf-8"))


def echo(box: Path) -> None:
    """Answers everything that is open with the message."""
    for letter in letters(box):
        request = asked(letter)
        for name in request["answers"]:
            if not (letter / name).exists():
                text = f"{name} to {request['message']}"
                (letter / name).write_text(text, encoding="utf-8", errors="backslashreplace")


def nothing(box: Path) -> None:
    """Writes no answer."""


def request_of(*messages: str, n_responses: int = 1, **other) -> Request:
    given = {"expertise": "You write Python.", "temperature": 0.7, "scope": "round-1/search", **other}
    return Request(messages=messages, n_responses=n_responses, **given)


@pytest.fixture
def box(tmp_path) -> Path:
    return tmp_path / "box"


@pytest.fixture
def ask(run, box):
    """`ask(request, writer)`: what a new mailbox answers, and `ask.looks`, how often it looked."""

    def ask(request: Request, writer: Writer = echo, rng_seed: int = 0) -> list[str]:
        hours = Hours(box, writer)
        model = Mailbox(box, rng_seed, clock=hours.clock, sleep=hours.sleep)
        try:
            return run(model.answer(request)).texts
        finally:
            ask.looks = hours.looks

    return ask


def answering(text: str | bytes, name: str = "answer-1.md") -> Writer:
    """Writes an answer into every folder once."""

    def write(box: Path) -> None:
        for letter in letters(box):
            if not os.path.lexists(letter / name):
                (letter / name).write_bytes(text if isinstance(text, bytes) else text.encode())

    return write


# ---------------------------------------------------------------- asking and answering


def test_answers_come_in_order(ask):
    assert ask(request_of("first", "second", n_responses=2)) == [
        *("answer-1.md to first", "answer-2.md to first"),
        *("answer-1.md to second", "answer-2.md to second"),
    ]


def test_a_request_says_what_is_asked_and_where_to_answer(ask, box):
    message = "Improve:\n````text\n```\ncode\n```\n````\n\x1b[31m"
    ask(request_of(message, n_responses=3))
    [letter] = letters(box)
    assert asked(letter)["message"] == message
    assert asked(letter)["answers"] == ["answer-1.md", "answer-2.md", "answer-3.md"]
    readable = (letter / "request.md").read_text(encoding="utf-8")
    assert "You write Python." in readable
    assert "`answer-1.md` to `answer-3.md`" in readable
    assert "`````text\nImprove:\n````text\n" in readable
    assert "\x1b" not in readable
    assert "answer-1.md.part" in (box / "README.md").read_text(encoding="utf-8")


def test_ends_of_lines_and_a_byte_order_mark_are_those_of_the_writers_system(ask):
    assert ask(request_of("m"), answering(b"\xef\xbb\xbfone\r\ntwo\r")) == ["one\ntwo\n"]


def test_the_same_run_again_finds_its_answers_and_asks_nothing(ask, box):
    request = request_of("m", n_responses=2)
    first = ask(request)
    before = {path: path.stat().st_mtime_ns for path in box.rglob("*")}
    assert ask(request, nothing) == first
    assert {path: path.stat().st_mtime_ns for path in box.rglob("*")} == before


def test_a_run_that_was_interrupted_goes_on_where_it_was(ask, box):
    request = request_of("m", n_responses=2)
    with pytest.raises(NotTaken):
        ask(request, answering("the first", "answer-1.md"))
    assert ask(request, answering("the second", "answer-2.md")) == ["the first", "the second"]
    assert len(letters(box)) == 1


def test_several_runs_share_a_folder(run, box):
    async def together() -> list[list[str]]:
        hours = [Hours(box, echo) for _ in range(3)]
        models = [
            Mailbox(box, seed, clock=own.clock, sleep=own.sleep) for seed, own in zip((0, 0, 1), hours, strict=True)
        ]
        return [reply.texts for reply in await asyncio.gather(*(model.answer(request_of("m")) for model in models))]

    assert run(together()) == [["answer-1.md to m"]] * 3
    assert len(letters(box)) == 2
    assert list(box.rglob(".*")) == []


def test_an_ordinary_cancellation_leaves_everything_in_place(run, box):
    async def cancelled() -> None:
        hours = Hours(box, nothing)
        waiting = asyncio.create_task(Mailbox(box, 0, clock=hours.clock, sleep=hours.sleep).answer(request_of("m")))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    run(cancelled())
    [letter] = letters(box)
    assert sorted(path.name for path in letter.iterdir()) == ["request.json", "request.md"]


# ---------------------------------------------------------------- when an answer counts


def test_a_file_that_is_still_written_is_not_taken(ask):
    n_parts = 5

    def write(box: Path) -> None:
        for letter in letters(box):
            with (letter / "answer-1.md").open("a", encoding="utf-8") as file:
                if file.tell() < n_parts:
                    file.write("x")

    assert ask(request_of("m"), write) == ["x" * n_parts]


@pytest.mark.parametrize("name", ["answer-1.md.part", "answer-2.md", "answer-1", "Answer-1.md"])
def test_files_of_other_names_are_not_taken(ask, name):
    with pytest.raises(NotTaken):
        ask(request_of("m"), answering("text", name))


@pytest.mark.parametrize("text", [b"", b"\xef\xbb\xbf"])
def test_an_empty_file_is_not_taken(ask, text):
    with pytest.raises(NotTaken):
        ask(request_of("m"), answering(text))


@pytest.mark.parametrize(("name", "says"), [("refused", "refused to answer"), ("answer-1.refused", "refused answer-1")])
def test_a_writer_may_refuse(ask, box, name, says):
    with pytest.raises(LanguageModelError, match=says) as raised:
        ask(request_of("m"), answering("", name))
    assert not raised.value.retryable
    assert str(box) not in str(raised.value)


def test_a_folder_that_went_away_is_an_error(ask):
    def remove(box: Path) -> None:
        for letter in letters(box):
            letter.rename(box.with_name("elsewhere"))

    with pytest.raises(LanguageModelError, match="No such file"):
        ask(request_of("m"), remove)


# ---------------------------------------------------------------- a hostile folder


def make_link(path: Path) -> None:
    path.symlink_to("/etc/hostname")


def make_link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


def make_hard_link(path: Path) -> None:
    secret = path.parent.parent.parent / "secret"
    secret.write_text("a secret")
    path.hardlink_to(secret)


def make_huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


HOSTILE = {
    "a link": (make_link, "a link"),
    "a link to itself": (make_link_to_itself, "a link"),
    "a hard link": (make_hard_link, "hard link"),
    "a pipe": (os.mkfifo, "not a plain file"),
    "a folder": (Path.mkdir, "not a plain file"),
    "a huge file": (make_huge, "longer than"),
    "a byte too much": (lambda path: path.write_bytes(b"x" * (MAX_BYTES + 1)), "longer than"),
    "binary": (lambda path: path.write_bytes(b"\xff\xfe\x00"), "not UTF-8"),
}


@pytest.mark.parametrize(("make", "says"), HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_answer_is_told_once_and_a_good_one_mends_it(ask, box, make, says):
    told = []

    def write(box: Path) -> None:
        [letter] = letters(box)
        answer, problem = letter / "answer-1.md", letter / "problem.txt"
        if problem.exists():
            told.append((problem.read_text(encoding="utf-8"), problem.stat().st_ino, problem.stat().st_mtime_ns))
        if not os.path.lexists(answer):
            make(answer)
        if len(told) == 5 and not os.path.lexists(letter / "away"):
            (letter / "new").write_text("good", encoding="utf-8")
            answer.rename(letter / "away")
            (letter / "new").rename(answer)

    assert ask(request_of("m"), write) == ["good"]
    assert len(set(told[:5])) == 1
    assert told[0][0].startswith("answer-1.md does not count: ")
    assert says in told[0][0]
    assert not (letters(box)[0] / "problem.txt").exists()


def test_the_longest_answer_is_taken(ask):
    assert ask(request_of("m"), answering(b"x" * MAX_BYTES)) == ["x" * MAX_BYTES]


@pytest.mark.parametrize("text", ["\x00", "\x1b[31m", "answer-2.md", "\u202e"])
def test_any_text_is_an_answer(ask, text):
    assert ask(request_of("m"), answering(text)) == [text]


@pytest.mark.parametrize("make", [make_link_to_itself, os.mkfifo, lambda path: path.write_text("x")])
def test_something_else_in_place_of_a_request_is_an_error(ask, box, make):
    box.mkdir()
    make(box / letter_name(request_of("m"), 0, 0))
    with pytest.raises(LanguageModelError, match="the mailbox cannot be used"):
        ask(request_of("m"))
    assert list(box.rglob(".*")) == []


def test_a_link_in_place_of_a_request_is_not_followed(ask, box, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "answer-1.md").write_text("a secret")
    box.mkdir()
    (box / letter_name(request_of("m"), 0, 0)).symlink_to(outside)
    with pytest.raises(LanguageModelError, match="the mailbox cannot be used"):
        ask(request_of("m"), nothing)


def test_a_problem_that_cannot_be_told_is_no_crash(ask):
    def write(box: Path) -> None:
        [letter] = letters(box)
        if not (letter / "problem.txt").exists():
            (letter / "problem.txt").mkdir()
            (letter / "answer-1.md").write_bytes(b"\xff")

    with pytest.raises(NotTaken):
        ask(request_of("m"), write)


def test_odd_names_beside_the_requests_do_not_matter(ask, box):
    box.mkdir()
    for name in (b"\xff\n", b"-rf", b".new-0", b"\x1b[31m"):
        (box / os.fsdecode(name)).mkdir()
    os.mkfifo(box / "README.md")

    def write(box: Path) -> None:
        for letter in box.glob("round-1*"):
            answer = letter / "answer-1.md"
            if not answer.exists():
                answer.write_text("text")

    assert ask(request_of("m"), write) == ["text"]


# ---------------------------------------------------------------- names


texts = st.text(st.characters() | st.sampled_from("\x1f\ud800/."), max_size=5)
requests = st.builds(
    Request,
    expertise=texts,
    messages=st.lists(texts, min_size=1, max_size=3).map(tuple),
    n_responses=st.integers(1, 3),
    temperature=st.sampled_from([0, 0.0, 0.7, 1, 1.0]),
    scope=texts | st.sampled_from(["a/b", "a-b", "A b", "../..", "x" * 300]),
    ordinal=st.integers(0, 2),
)
posted = st.tuples(requests, st.integers(0, 2), st.integers(0, 2))


@given(st.lists(posted, min_size=2, max_size=6))
def test_equal_requests_share_a_folder_and_distinct_ones_never(many):
    names = [letter_name(*one) for one in many]
    for one, name in zip(many, names, strict=True):
        assert [other == one for other in many] == [other == name for other in names]
        assert letter_name(*one) == name


@given(posted)
def test_a_folder_has_a_plain_short_name(one):
    name = letter_name(*one)
    assert len(name) < 100
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")
    assert name[0] not in "-."


# ---------------------------------------------------------------- by name


def test_a_mailbox_is_found_by_prefix_and_folder(sandbox, tmp_path):
    name = f"mailbox:{tmp_path}/new/box"
    make = find_model(name)
    assert not (tmp_path / "new").exists()
    model = make(ModelContext(sandbox=sandbox, rng_seed=0))
    assert model.info == model_info(name)
    assert model.info.name == name
    assert (tmp_path / "new" / "box" / "README.md").is_file()
    assert model.improvement_budget == model.meta_budget == Budget(calls=4, responses=6, utility_calls=25)


def test_what_stands_in_a_folder_already_is_left_alone(box):
    box.mkdir()
    (box / "README.md").write_text("mine")
    Mailbox(box, 0)
    assert (box / "README.md").read_text() == "mine"


@pytest.mark.parametrize("name", ["mailbox:", "mailbox: ", "mailbox:a\x00b", "mailbox:" + "x" * 5000])
def test_a_mailbox_needs_a_folder(name):
    with pytest.raises(ConfigError, match="folder"):
        find_model(name)


@pytest.mark.parametrize("below", ["", "/box"])
@pytest.mark.parametrize("make", [lambda path: path.write_text("x"), os.mkfifo, make_link_to_itself])
def test_a_mailbox_is_no_file(tmp_path, make, below):
    make(tmp_path / "file")
    with pytest.raises(ConfigError, match="is not a folder"):
        find_model(f"mailbox:{tmp_path}/file{below}")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_mailbox_that_cannot_be_written_is_said_so(sandbox, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ConfigError, match="cannot be written"):
        find_model(f"mailbox:{tmp_path}/box")(ModelContext(sandbox=sandbox, rng_seed=0))


def test_the_information_on_a_model_needs_no_folder():
    assert model_info("mailbox:/no/such/folder").is_language_model
    assert model_info("mailbox") is None
    assert model_info("no such model") is None
    assert model_info("gp:x") is None
