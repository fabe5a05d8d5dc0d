"""The reader of task folders on any folder: a task, or one line that names the file. Nothing outside is read."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from selftaught.errors import ConfigError
from selftaught.task_definition import Task, load_task

SECRET = "sk-a-key-that-nobody-should-see"
NAMES = ("task.toml", "seed_solution.py", "utility.py", "reference.py")
LONGEST_MESSAGE = 1000 + len(" ... ")

PROGRAMS = {
    "seed_solution.py": "def double(numbers): return numbers\n",
    "utility.py": "def instances(rng, n): ...\n",
    "reference.py": "def best(): ...\n",
}


@dataclass(frozen=True)
class Folder:
    """What a task folder holds.

    Attributes:
        toml: The bytes of `task.toml`.
        odd: What stands where a file should.
        content: The bytes of a file that is neither as it should be nor one of the other kinds.
    """

    toml: bytes
    odd: dict[str, str]
    content: bytes


def toml_of(value: Any) -> str:
    """A value as TOML has it; for wrong ones too."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml_key(key)} = {toml_of(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml_of, value)) + "]"
    if isinstance(value, bool | str):
        return json.dumps(value)
    return str(value) if not isinstance(value, bytes) else value.decode("latin-1")


def toml_key(key: str) -> str:
    return key if key.isidentifier() and key.isascii() else json.dumps(key)


def document(settings: dict[str, Any]) -> bytes:
    flat = {key: value for key, value in settings.items() if not isinstance(value, dict)}
    lines = [f"{toml_key(key)} = {toml_of(value)}" for key, value in flat.items()]
    for key, table in settings.items():
        if isinstance(table, dict):
            lines.append(f"[{toml_key(key)}]")
            lines.extend(f"{toml_key(inner)} = {toml_of(value)}" for inner, value in table.items())
    return "\n".join(lines).encode("utf-8", "replace")


ODD_TEXTS = st.sampled_from(
    [
        "",
        "../x",
        "/etc/passwd",
        "a\nb",
        "\x00",
        "\x1b[2J",
        "\u202e",
        "é" * 200,
        "x" * 5000,
        "a.b",
        "class",
        "~",
        "$HOME",
    ]
)
NUMBERS = st.one_of(
    st.integers(),
    st.integers(-5, 200_000),
    st.floats(),
    st.sampled_from(
        [b"9" * 4400, b"0x" + b"f" * 5000, b"1e999", b"-inf", b"nan", b"-0", b"0b" + b"1" * 20_000, b"1_000"]
    ),
)
DATES = st.sampled_from(
    [b"2020-01-01", b"2020-13-01", b"1979-05-27T07:32:00Z", b"07:32:00", b"0000-00-00", b"9999-12-31T23:59:60"]
)
SCALARS = st.booleans() | NUMBERS | DATES | ODD_TEXTS | st.text(max_size=20)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ODD_TEXTS | st.text(max_size=5), inner, max_size=4),
)


def table(**right: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A table with any of the right keys, each with a right or a wrong value, and perhaps wrong keys."""
    keys = {key: value | VALUES for key, value in right.items()}
    return st.fixed_dictionaries({}, optional=keys) | st.fixed_dictionaries(right)


RIGHT = {
    "name": st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True),
    "entry": st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True),
    "summary": st.text(st.characters(codec="utf-8"), min_size=1, max_size=50),
}
TABLES = {
    "reference": table(best=st.text(max_size=10), trivial=st.text(max_size=10)),
    "instances": table(validation=st.integers(1, 100_000), test=st.integers(1, 100_000)),
    "limits": table(cpu_seconds=st.floats(0.001, 3600), memory_mib=st.integers(1, 65_536)),
}
SETTINGS = st.fixed_dictionaries(RIGHT, optional=TABLES)
WRONG_SETTINGS = st.builds(
    lambda right, wrong: {**right, **wrong},
    SETTINGS,
    st.dictionaries(st.sampled_from([*RIGHT, *TABLES, "author"]) | ODD_TEXTS | st.text(max_size=6), VALUES, max_size=3),
)
DOCUMENTS = (SETTINGS | WRONG_SETTINGS).map(document)


def cut_and_filled(text: bytes, start: int, length: int, filling: bytes) -> bytes:
    start %= len(text) + 1
    return text[:start] + filling + text[start + length :]


FILLINGS = st.binary(max_size=6) | st.sampled_from(
    [
        b"\x00",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\r",
        b"[" * 3000,
        b"{a=" * 2000,
        b'"""',
        b"'''",
        b"\\u0000",
        b"\\ud800",
        b"a." * 2000,
        b"[[",
    ]
)
BROKEN = st.builds(cut_and_filled, DOCUMENTS, st.integers(0, 10_000), st.integers(0, 30), FILLINGS)
ODDITIES = st.sampled_from(
    ["missing", "folder", "pipe", "outside", "inside", "dangling", "loop", "device", "bytes", "huge"]
)
FOLDERS = st.builds(
    Folder,
    st.one_of(
        DOCUMENTS,
        BROKEN,
        st.binary(max_size=100),
        st.text(max_size=100).map(lambda text: text.encode("utf-8", "replace")),
    ),
    st.just({}) | st.dictionaries(st.sampled_from(NAMES), ODDITIES, max_size=2),
    st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace")),
)


def place(path: Path, oddity: str, content: bytes, outside: Path) -> None:
    """Puts something odd where a file should be."""
    match oddity:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "outside":
            path.symlink_to(outside / "secret")
        case "inside":
            path.symlink_to(path.parent / "other")
        case "dangling":
            path.symlink_to("nowhere")
        case "loop":
            path.symlink_to(path.name)
        case "device":
            path.symlink_to("/dev/zero")
        case "bytes":
            path.write_bytes(content)
        case "huge":
            with path.open("wb") as file:
                file.truncate(10_000_000)


def lay_out(root: Path, case: Folder) -> Path:
    """Writes a task folder, and beside it what it should not reach."""
    shutil.rmtree(root, ignore_errors=True)
    folder = root / "task"
    folder.mkdir(parents=True)
    (root / "secret").write_text(f"# {SECRET}\n")
    (folder / "other").write_bytes(case.content)
    for name in NAMES:
        if name in case.odd:
            place(folder / name, case.odd[name], case.content, root)
        else:
            (folder / name).write_bytes(case.toml if name == "task.toml" else PROGRAMS[name].encode())
    return folder


def check(root: Path, case: Folder) -> None:
    folder = lay_out(root, case)
    try:
        task = load_task(folder)
    except ConfigError as error:
        message = str(error)
        assert len(message.splitlines()) == 1
        assert message.isprintable() and len(message) <= LONGEST_MESSAGE
        assert str(folder) in message or " of task " in message
        assert SECRET not in message
        return
    assert type(task) is Task
    assert SECRET not in f"{task.seed_solution}{task.utility_source}{task.reference_source}"
    assert task.cpu_seconds <= 3600 and 1 <= task.n_validation <= 100_000 and 1 <= task.n_test <= 100_000
    assert task.name.isascii() and task.entry is not None and task.entry.isidentifier()


@pytest.fixture
def root(tmp_path) -> Path:
    return tmp_path / "here"


def test_random_folders(fuzz, root):
    fuzz("task file", FOLDERS, lambda case: check(root, case))


RIGHT_TOML = b'name = "doubling"\nentry = "double"\nsummary = "double every number"\n'
NASTY_TOML = {
    "lists in lists": b"a = " + b"[" * 5000,
    "tables in tables": b"a = " + b"{a=" * 5000,
    "a long number": b"a = " + b"1" * 5000,
    "a long number in a setting": b"[limits]\nmemory_mib = 0x" + b"f" * 5000,
    "a key of two lines": b'"a\\nb" = 1',
    "a key that clears the screen": b'"\\u001b[2J" = 1',
    "a long key": b"a" * 10_000 + b" = 1",
    "a long key of many parts": b".".join([b"a"] * 8_000) + b" = 1",
    "a byte order mark": b"\xef\xbb\xbf",
    "no text": b"\xff\xfe",
    "a null": b"\x00",
    "a truth value for a number": b"[instances]\nvalidation = true",
}


@pytest.mark.parametrize("text", NASTY_TOML.values(), ids=NASTY_TOML.keys())
def test_nasty_settings_are_refused(root, text):
    folder = lay_out(root, Folder(RIGHT_TOML + text, {}, b""))
    check(root, Folder(RIGHT_TOML + text, {}, b""))
    with pytest.raises(ConfigError):
        load_task(folder)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("oddity", ["folder", "pipe", "outside", "dangling", "loop", "device", "huge"])
def test_what_is_no_file_of_the_folder_is_refused(root, name, oddity):
    folder = lay_out(root, Folder(RIGHT_TOML, {name: oddity}, b""))
    with pytest.raises(ConfigError):
        load_task(folder)


@pytest.mark.parametrize("name", ["a\nb", "\x1b[2J", "a\udcff", "\u202e", "x" * 200])
def test_a_folder_of_any_name_is_named_in_one_line(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(ConfigError) as raised:
        load_task(tmp_path / name)
    assert str(raised.value).isprintable()


@pytest.mark.parametrize("path", ["\x00", "a\x00b", "x" * 5000, "\ud800", "/dev/null", "/etc/passwd"])
def test_a_path_that_is_no_folder_is_refused(path):
    with pytest.raises(ConfigError) as raised:
        load_task(Path(path))
    assert str(raised.value).isprintable()
