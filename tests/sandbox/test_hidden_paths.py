"""In no mode can a program tell a path that exists from one that does not; and what it may read it finds as ever."""

from __future__ import annotations

import ast
import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from selftaught.errors import Outcome
from selftaught.sandbox import Child, ChildEnded, Limits, Sandbox, SandboxConfig
from selftaught.sandbox.child import MAX_REFUSED_CALLS
from selftaught.sandbox.system_calls import ATTACKS, NAMES, PATHS
from selftaught.worker import seccomp

from .conftest import works

MIB = 1024 * 1024
LIMITS = Limits(cpu_seconds=20.0, wall_seconds=60.0, memory_bytes=512 * MIB, frame_bytes=MIB)


def answer_of(source: str, mode: str, given: dict[str, Any] | None = None) -> tuple[Any, Child]:
    """What a program's `attack()` returns, and the child that it ran in."""

    async def body(sandbox: Sandbox) -> tuple[Any, Child]:
        async with sandbox.child("probe", {"source": source, "given": given or {}}, LIMITS) as child:
            answer: Any = await child.receive()
            return answer["detail"], child

    return in_sandbox(body, mode)


def in_sandbox(body: Callable[[Sandbox], Awaitable[Any]], mode: str) -> Any:
    async def run() -> Any:
        config = SandboxConfig(workers=1, mode=mode, self_test=False)  # type: ignore[arg-type]
        async with await Sandbox.start(config) as sandbox:
            assert sandbox.plan.hides_paths == (mode != "unsandboxed")
            return await body(sandbox)

    return asyncio.run(run())


@pytest.fixture
def confined() -> str:
    if (why := works("confined")) is not None:
        pytest.skip(why)
    return "confined"


@pytest.fixture
def planted(tmp_path: Path) -> Iterator[list[str]]:
    """Paths of every kind outside, of which the last do not exist."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("x")
    (tmp_path / "closed").write_text("x")
    (tmp_path / "closed").chmod(0)
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "dangling").symlink_to("nothing")
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() != "root" or str(folder).startswith("/tmp/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    names = ("file", "folder", "closed", "link", "dangling", "nothing", "no/thing", "file/below")
    yield [str(tmp_path / name) for name in names]


# Every system call that names a path, in many ways, on each of some paths; what came of it, by path.
EVERY_CALL = """
import ctypes, itertools, os
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
room = ctypes.create_string_buffer(4096)
here = ctypes.c_long(-100)
def outcome(number, place, path, flags):
    text = ctypes.create_string_buffer(path.encode())
    arguments = [ctypes.addressof(room), ctypes.addressof(room), flags, flags]
    arguments = ([here] if place else []) + [ctypes.addressof(text)] + ([flags] if flags >= 0 else arguments)
    arguments += [flags] * 2
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(getattr(one, "value", one)) for one in arguments[:6]])
    error = ctypes.get_errno()
    if result > 2 and number in opening:
        os.close(result)
        result = "a descriptor"
    return result, error, room.raw.strip(b"\\0")
def attack():
    found = []
    for number, place in calls:
        for flags in flags_tried:
            found.append(len({outcome(number, place, path, flags) for path in paths}) == 1)
    return [calls[index // len(flags_tried)] for index, same in enumerate(found) if not same]
"""
TELLING = (
    EVERY_CALL.replace("def attack()", "def attack_all()")
    + """
def attack():
    tells = attack_all()
    return [call for call in calls if call not in tells]
"""
)
FLAGS = (-1, 0, 0x100, 0x1000, 0o200000, 0o400000, 0o10000000, 0o10400000, 0o2000000)
"""None; nothing; no following; an empty path; a folder, no following, a mere path, both; close on exec."""


def order(calls: list[tuple[int, int]], paths: list[str]) -> dict[str, Any]:
    numbers = seccomp.numbers(seccomp.machine() or "")
    opening = [numbers[name] for name in ("open", "openat") if name in numbers]
    return {"calls": calls, "paths": paths, "flags_tried": FLAGS, "opening": opening}


def every_call() -> list[tuple[int, int]]:
    machine = seccomp.machine()
    assert machine is not None
    names = NAMES[machine]
    return [(number, PATHS[name]) for number, name in names.items() if name in PATHS and name not in ATTACKS]


def test_no_system_call_tells_whether_a_path_exists(mode: str, planted: list[str]) -> None:
    calls = every_call()
    per_child = max(1, MAX_REFUSED_CALLS // (len(FLAGS) * len(planted)) - 1)

    async def body(sandbox: Sandbox) -> None:
        for start in range(0, len(calls), per_child):
            given = order(calls[start : start + per_child], planted)
            async with sandbox.child("probe", {"source": EVERY_CALL, "given": given}, LIMITS) as child:
                answer: Any = await child.receive()
                assert answer["detail"] == "[]", {NAMES[seccomp.machine() or ""][n] for n, _ in given["calls"]}

    in_sandbox(body, mode)


def test_the_same_calls_do_tell_without_isolation(planted: list[str]) -> None:
    """The positive control: the test above could fail."""
    machine = seccomp.machine()
    looking = ("stat", "lstat", "newfstatat", "access", "faccessat", "openat", "statx", "readlinkat")
    numbers = seccomp.numbers(machine or "")
    calls = [(numbers[name], PATHS[name]) for name in looking if name in numbers]

    async def body(sandbox: Sandbox) -> None:
        async with sandbox.child("probe", {"source": TELLING, "given": order(calls, planted)}, LIMITS) as child:
            answer: Any = await child.receive()
            assert answer["detail"] == "[]"

    in_sandbox(body, "unsandboxed")


RELATIVE = """
import os
def outcome(call, *arguments, **more):
    try:
        return str(call(*arguments, **more))[:4]
    except OSError as error:
        return error.errno
def attack():
    library = os.open(os.path.dirname(os.__file__), os.O_RDONLY)
    up = "../" * 30
    found = []
    for folder in (library, 0, 3, 60):
        for call in (os.open, os.stat, os.lstat, os.access, os.readlink):
            more = [0] if call in (os.open, os.access) else []
            found.append({outcome(call, up + path[1:], *more, dir_fd=folder) for path in paths})
    return [len(one) for one in found if len(one) != 1]
"""


def test_nor_by_way_of_a_folder_that_it_may_read(confined: str, planted: list[str]) -> None:
    detail, _ = answer_of(RELATIVE, confined, {"paths": planted})
    assert detail == "[]"


RACE = """
import ctypes, errno, os, threading
libc = ctypes.CDLL(None, use_errno=True)
allowed, forbidden = os.__file__.encode(), path.encode()
size = max(len(allowed), len(forbidden)) + 1
memory = ctypes.create_string_buffer(size)
one, other = (ctypes.create_string_buffer(text, size) for text in (allowed, forbidden))
stop = False
def flip():
    while not stop:
        for _ in range(50):
            ctypes.memmove(memory, one, size)
            ctypes.memmove(memory, other, size)
def attack():
    global stop
    thread = threading.Thread(target=flip)
    thread.start()
    errors, wanted = set(), os.stat(os.__file__).st_ino
    room = ctypes.create_string_buffer(256)
    for _ in range(400):
        descriptor = libc.open(memory, os.O_RDONLY)
        if descriptor < 0:
            errors.add(ctypes.get_errno())
        else:
            if os.fstat(descriptor).st_ino != wanted:
                errors.add("another file")
            os.close(descriptor)
        if libc.access(memory, 0) < 0:
            errors.add(ctypes.get_errno())
    stop = True
    thread.join()
    return sorted(map(str, errors - {0}))
"""


def test_a_path_that_another_thread_changes_meanwhile_tells_nothing(confined: str, planted: list[str]) -> None:
    for path in planted:
        detail, _ = answer_of(RACE, confined, {"path": path})
        assert ast.literal_eval(detail) in ([], ["2"]), path  # ENOENT, also for a mixture of both paths


FOUND = """
import os, stat
def attack():
    file = os.__file__
    folder = os.path.dirname(file)
    with open(file, "rb") as opened:
        seen = os.fstat(opened.fileno())
        text = opened.read()
    listed = os.open(folder, os.O_DIRECTORY)
    return [
        os.stat(file)[:7] == os.lstat(file)[:7] == seen[:7], os.stat(file).st_mtime_ns,
        os.stat(file).st_ino, os.stat(file).st_mode, seen.st_size == len(text), stat.S_ISDIR(os.stat(folder).st_mode),
        os.access(file, os.R_OK), os.access(file, os.W_OK), "os.py" in os.listdir(listed),
        os.stat("os.py", dir_fd=listed).st_ino == seen.st_ino, stat.S_ISSOCK(os.fstat(3).st_mode),
        stat.S_ISCHR(os.fstat(0).st_mode), os.get_inheritable(listed), os.path.realpath(file) == file,
    ]
"""


def test_what_it_may_read_it_finds_as_it_is(confined: str) -> None:
    detail, child = answer_of(FOUND, confined)
    status = Path(os.__file__).resolve().stat()
    known = [status.st_mtime_ns, status.st_ino, status.st_mode]
    assert ast.literal_eval(detail) == [True, *known, True, True, True, False, True, True, True, True, False, True]
    assert child.violations == ()


LATE = """
import importlib, linecache, traceback, os
def attack():
    names = ("sqlite3", "wsgiref.headers", "xml.dom.minidom", "lzma", "numpy.ma", "importlib.metadata",
             "pydoc_data.topics", "encodings.cp037", "json.tool", "curses.ascii", "dbm.dumb")
    for name in names:
        importlib.import_module(name)
    sqlite3 = importlib.import_module("sqlite3")
    total = sqlite3.connect(":memory:").execute("select 1 + 1").fetchone()[0]
    try:
        importlib.import_module("json").loads("{")
    except ValueError:
        lines = traceback.format_exc()
    try:
        importlib.import_module("no_such_module")
    except ModuleNotFoundError:
        missing = True
    version = importlib.import_module("importlib.metadata").version("numpy")
    return [total, "return _default_decoder.decode(s)" in lines, missing, version.count(".") > 0]
"""


def test_late_imports_tracebacks_and_metadata_work_and_leave_no_record(confined: str) -> None:
    detail, child = answer_of(LATE, confined)
    assert ast.literal_eval(detail) == [2, True, True, True]
    assert child.violations == ()


def test_every_look_is_on_record(confined: str) -> None:
    source = """
import os, ctypes
def attack():
    for call in (os.stat, os.lstat, os.readlink, os.listdir, lambda path: os.access(path, 0),
                 lambda path: os.stat(path, dir_fd=0), lambda path: os.open(path, os.O_PATH)):
        try: call('/home/x')
        except OSError: pass
    ctypes.CDLL(None).syscall(statx, -100, b'/home/y', 0, 0, 0)
    os.path.realpath(os.__file__)
"""
    _, child = answer_of(source, confined, {"statx": seccomp.numbers(seccomp.machine() or "")["statx"]})
    assert [(violation.kind, violation.detail, violation.count) for violation in child.violations] == [
        ("file", "newfstatat '/home/x'", 3),
        ("file", "readlink '/home/x'", 1),
        ("file", "open '/home/x' for reading", 2),
        ("file", "access '/home/x'", 1),
        ("file", "statx '/home/y'", 1),
    ]


def test_descriptors_are_limited_as_ever(confined: str) -> None:
    source = """
import os
def attack():
    held = []
    try:
        while len(held) < 200: held.append(os.open(os.__file__, 0))
    except OSError as error:
        return len(held), error.errno
"""
    detail, _ = answer_of(source, confined)
    n_held, error = ast.literal_eval(detail)
    assert 40 < n_held < 64
    assert error == 24  # EMFILE


def test_a_bad_address_is_an_error_and_nothing_more(confined: str) -> None:
    source = """
import ctypes, os
def attack():
    libc, found = ctypes.CDLL(None, use_errno=True), []
    libc.syscall.restype = ctypes.c_long
    path = ctypes.create_string_buffer(os.__file__.encode())
    for address in (0, 1, 1 << 46, -1, -4096):
        found.append(libc.syscall(*map(ctypes.c_long, (newfstatat, -100, ctypes.addressof(path), address, 0))))
        found.append(ctypes.get_errno())
        found.append(libc.syscall(*map(ctypes.c_long, (newfstatat, -100, address, 0, 0))) < 0)
    return found
"""
    number = seccomp.numbers(seccomp.machine() or "")["newfstatat"]
    detail, _ = answer_of(source, confined, {"newfstatat": number})
    assert ast.literal_eval(detail) == [-1, 14, True] * 5  # EFAULT


def test_many_threads_open_and_look_at_once(confined: str) -> None:
    source = """
import concurrent.futures, encodings, os
def attack():
    folder = os.path.dirname(encodings.__file__)
    names = [name for name in os.listdir(folder) if name.endswith(".py")]
    def size(name):
        path = os.path.join(folder, name)
        with open(path, "rb") as file:
            return len(file.read()) == os.path.getsize(path)
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        return all(pool.map(size, names)) and len(names) > 100
"""
    detail, child = answer_of(source, confined)
    assert detail == "True"
    assert child.violations == ()


def test_a_program_that_looks_for_ever_is_ended(confined: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("selftaught.sandbox.child.MAX_WATCHING_SECONDS", 0.5)

    async def body(sandbox: Sandbox) -> None:
        source = "import os\ndef attack():\n  while True: os.stat(os.__file__)"
        async with sandbox.child("probe", {"source": source}, LIMITS) as child:
            with pytest.raises(ChildEnded) as caught:
                await child.receive()
        assert caught.value.outcome is Outcome.VIOLATION
        assert [violation.kind for violation in child.violations] == ["refusal_flood"]

    in_sandbox(body, confined)


UNSERVED = """
import asyncio
from selftaught.sandbox import Sandbox, SandboxConfig, diagnose
from selftaught.worker import seccomp

seccomp._libc.prctl(38, 1, 0, 0, 0)
seccomp.Filter([(6, 0, 0, 0x7FFF0000)]).install_watched(seccomp.machine())

async def main():
    async with await Sandbox.start(SandboxConfig(workers=1, mode="confined")) as sandbox:
        print(sandbox.plan.hides_paths)
        print(sandbox.warning)
    print(next(layer.reason for layer in (await diagnose()).layers if layer.name == "seccomp"))

asyncio.run(main())
"""


def test_where_the_engine_cannot_serve_this_is_said(confined: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", UNSERVED],
        capture_output=True, text=True, check=False, env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
    )  # fmt: skip
    shown, warning, layer = done.stdout.splitlines()
    assert shown == "False", done.stderr
    assert "the isolation is confined (programs can find out which paths exist: " in warning
    assert "in the mode confined programs can find out which paths exist: " in layer
