"""What becomes of each call that the filter leaves to the engine; pure rules, no process."""

from __future__ import annotations

import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftaught.errors import VIOLATION_KINDS
from selftaught.sandbox import system_calls
from selftaught.sandbox.refusals import Action, Asker, rule, rule_on_zygote
from selftaught.worker import seccomp
from selftaught.worker.seccomp import Files

OWN = 77
FORK = 0x01200011
READABLE = frozenset(("/usr/lib", "/opt/python/bin/python3"))
LISTABLE = frozenset(("/opt/packages",))
NUMBERS = {name: number for number, name in system_calls.NAMES["x86_64"].items()}
HERE = (1 << 64) - 100


def asker(path: str | None = None, *, files: Files = Files.BY_KERNEL, folder: str | None = "/usr/lib/python3") -> Asker:
    return Asker(
        machine="x86_64",
        expected=READABLE,
        listable=LISTABLE,
        above=frozenset(("/", "/usr", "/opt")),
        files=files,
        own_process=lambda: OWN,
        text_at=lambda address: path,
        folder_of=lambda descriptor: folder,
    )


def ruled(name: str, *arguments: int, path: str | None = None, **who: object) -> tuple[Action, str, str]:
    ruling = rule(asker(path, **who), NUMBERS[name], (*arguments, *[0] * 6)[:6])  # type: ignore[arg-type]
    return ruling.action, ruling.kind, ruling.detail


@pytest.mark.parametrize(
    ("path", "recorded"),
    [
        ("/usr/lib/python3/json/__init__.py", False),
        ("/usr/lib", False),
        ("//usr/lib/x", False),
        ("/opt/python/bin/python3", False),
        ("/opt/python/bin/python3.evil", True),
        ("/usr/library", True),
        ("/opt/packages", False),
        ("/opt/packages/selftaught/tasks/dispatch/reference.py", True),
        ("/usr/lib/../../etc/passwd", True),
        ("/etc/passwd", True),
        ("data.csv", True),
        ("", True),
        ("/etc/localtime", False),
        ("/dev/null", False),
        ("<__program__>", False),
        (None, False),
    ],
)
def test_reading_passes_and_is_on_record_outside_of_what_python_needs(path: str | None, recorded: bool) -> None:
    action, kind, detail = ruled("openat", HERE, 1, 0o2000000, path=path)
    assert action is Action.PASS  # what may be read is Landlock's to say
    assert kind == ("file" if recorded else "")
    assert not recorded or detail.startswith("open '/")


def test_a_path_below_a_descriptor_is_followed() -> None:
    assert ruled("openat", 5, 1, 0, path="json.py")[1] == ""
    assert ruled("openat", 5, 1, 0, path="../../../etc/shadow")[2] == "open '/etc/shadow' for reading"
    assert ruled("openat", 5, 1, 0, path="x", folder=None)[2] == "open '/?/x' for reading"


@pytest.mark.parametrize("flags", [0o1, 0o2, 0o100, 0o1000, 0o2000, 0o20000000])
def test_writing_is_refused_wherever_it_goes(flags: int) -> None:
    assert ruled("openat", HERE, 1, flags, path="/usr/lib/x")[:2] == (Action.REFUSE, "file")
    assert ruled("openat", HERE, 1, flags, path=None)[2] == "open a path that could not be read for writing"
    assert ruled("openat", HERE, 1, flags, path="/dev/null") == (Action.REFUSE, "", "")
    assert ruled("open", 1, flags, path="/tmp/x") == (Action.REFUSE, "file", "open '/tmp/x' for writing")


def test_sealed_refuses_to_read_too() -> None:
    assert ruled("openat", HERE, 1, 0, path="/usr/lib/x", files=Files.CLOSED) == (Action.REFUSE, "", "")
    assert ruled("openat", HERE, 1, 0, path="/etc/x", files=Files.CLOSED)[:2] == (Action.REFUSE, "file")
    assert ruled("stat", 1, path="/usr/lib/x", files=Files.CLOSED) == (Action.REFUSE, "", "")
    assert ruled("stat", 1, path="/etc/x", files=Files.CLOSED)[:2] == (Action.REFUSE, "file")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        *(("open", (1, 0)), ("openat", (HERE, 1, 0)), ("stat", (1,)), ("lstat", (1,)), ("access", (1,))),
        *(("newfstatat", (HERE, 1, 2, 0)), ("newfstatat", (HERE, 1, 2, 0x1000)), ("faccessat", (HERE, 1))),
        *(("faccessat2", (HERE, 1)), ("readlink", (1,)), ("readlinkat", (HERE, 1))),
    ],
)
@pytest.mark.parametrize(("path", "recorded"), [("/usr/lib/../lib/x", False), ("/etc/x", True), ("x", True)])
def test_where_the_engine_opens_files_it_takes_over_the_path_that_it_has_read(
    name: str, arguments: tuple[int, ...], path: str, recorded: bool
) -> None:
    ruling = rule(asker(path, files=Files.BY_ENGINE), NUMBERS[name], (*arguments, *[0] * 6)[:6])
    assert ruling.action is Action.SERVE
    assert ruling.path == {"/usr/lib/../lib/x": "/usr/lib/x", "/etc/x": "/etc/x", "x": "/x"}[path]
    assert ruling.kind == ("file" if recorded else "")
    assert ruling.is_look == (not name.startswith("open"))
    unreadable = rule(asker(None, files=Files.BY_ENGINE), NUMBERS[name], (*arguments, *[0] * 6)[:6])
    assert (unreadable.action, unreadable.kind) == (Action.REFUSE, "")


def test_a_path_below_a_descriptor_is_taken_over_whole() -> None:
    for name in ("openat", "newfstatat", "faccessat", "faccessat2", "readlinkat"):
        ruling = rule(asker("../x", files=Files.BY_ENGINE), NUMBERS[name], [5, 1, 0, 0, 0, 0])
        assert ruling.path == "/usr/lib/x", name


def test_a_question_about_a_descriptor_has_no_path() -> None:
    for path, address in (("", 1), ("whatever", 0)):
        ruling = rule(asker(path, files=Files.BY_ENGINE), NUMBERS["newfstatat"], [5, address, 2, 0x1000, 0, 0])
        assert (ruling.action, ruling.path, ruling.kind) == (Action.SERVE, None, "")


def test_the_newest_call_fails_so_that_the_older_ones_are_used() -> None:
    for path, kind in (("/usr/lib/x", ""), ("/etc/x", "file")):
        ruling = rule(asker(path, files=Files.BY_ENGINE), NUMBERS["statx"], [HERE, 1, 0, 0, 2, 0])
        assert (ruling.action, ruling.error, ruling.kind) == (Action.REFUSE, errno.ENOSYS, kind)


def test_looking_at_the_way_to_what_is_expected_is_no_try_but_opening_it_is() -> None:
    assert ruled("lstat", 1, path="/usr", files=Files.BY_ENGINE) == (Action.SERVE, "", "")
    assert ruled("open", 1, 0, path="/usr", files=Files.BY_ENGINE)[:2] == (Action.SERVE, "file")
    assert ruled("lstat", 1, path="/usr", files=Files.CLOSED)[:2] == (Action.REFUSE, "file")


@pytest.mark.parametrize("flags", [0o1, 0o100])
def test_where_the_engine_opens_files_writing_is_refused_as_ever(flags: int) -> None:
    assert ruled("openat", HERE, 1, flags, path="/usr/lib/x", files=Files.BY_ENGINE)[:2] == (Action.REFUSE, "file")


@pytest.mark.parametrize(
    ("name", "arguments", "kind", "detail"),
    [
        ("mkdir", (1,), "file", "mkdir '/tmp/x'"),
        ("unlinkat", (HERE, 1), "file", "unlinkat '/tmp/x'"),
        ("symlink", (1, 2), "file", "symlink '/tmp/x'"),
        ("execve", (1,), "process", "execve '/tmp/x'"),
        ("openat2", (HERE, 1), "file", "openat2 '/tmp/x'"),
        ("socket", (2, 0x80001), "socket", "socket(AF_INET, SOCK_STREAM)"),
        ("socket", (999, 77), "socket", "socket(999, 13)"),
        ("socketpair", (1, 2), "socket", "socketpair(AF_UNIX, SOCK_DGRAM)"),
        ("connect", (3,), "socket", "connect"),
        ("clone", (FORK,), "process", "fork"),
        ("vfork", (), "process", "vfork"),
        ("kill", (1, 9), "process", "send SIGKILL to process 1"),
        ("kill", ((1 << 64) - 1, 15), "process", "send SIGTERM to process -1"),
        ("kill", (OWN, 9), "process", f"send SIGKILL to process {OWN}"),
        ("kill", (OWN, 19), "process", f"send SIGSTOP to process {OWN}"),
        ("kill", (1 << 32 | OWN, 1 << 32 | 9), "process", f"send SIGKILL to process {OWN}"),
        ("tgkill", (OWN, OWN, 1 << 32 | 9), "process", f"send SIGKILL to process {OWN}"),
        ("tgkill", (5, 5, 0), "process", "send 0 to process 5"),
        ("fcntl", (3, 8), "refused_call", "fcntl 0x8"),
        ("prctl", (4, 1), "refused_call", "prctl 0x4"),
        ("shmget", (), "refused_call", "shmget"),
        ("getpgid", (5,), "refused_call", "getpgid of process 5"),
        ("clock_gettime", ((1 << 64) - 42,), "refused_call", "clock_gettime"),
    ],
)
def test_what_is_refused_is_named(name: str, arguments: tuple[int, ...], kind: str, detail: str) -> None:
    assert ruled(name, *arguments, path="/tmp/x") == (Action.REFUSE, kind, detail)


def test_a_child_may_ask_about_itself() -> None:
    for name in system_calls.OF_A_PROCESS:
        assert ruled(name, OWN)[0] is Action.PASS
        assert ruled(name, OWN + 1)[0] is Action.REFUSE


def test_a_child_may_signal_itself() -> None:
    assert ruled("kill", OWN, 15)[0] is Action.PASS
    assert ruled("tgkill", OWN, 5, 6)[0] is Action.PASS


@pytest.mark.parametrize("name", sorted(system_calls.ATTACKS))
def test_an_attack_ends_the_process(name: str) -> None:
    assert ruled(name) == (Action.END, "system_call", name)


def test_a_namespace_is_an_attack() -> None:
    assert ruled("clone", 0x10000000 | 0x10000)[:2] == (Action.END, "system_call")


def test_a_call_without_a_name_goes_by_its_number() -> None:
    unnamed = next(number for number in range(450) if number not in system_calls.NAMES["x86_64"])
    ruling = rule(asker(), unnamed, [0] * 6)
    assert (ruling.action, ruling.kind, ruling.detail) == (Action.REFUSE, "refused_call", f"system call {unnamed}")


def test_the_zygote_may_fork_and_nothing_else() -> None:
    assert rule_on_zygote("x86_64", NUMBERS["clone"], [FORK]).action is Action.PASS
    assert rule_on_zygote("x86_64", NUMBERS["clone"], [0x10000000 | FORK]).action is Action.REFUSE
    assert rule_on_zygote("x86_64", NUMBERS["openat"], [0] * 6).action is Action.REFUSE


@given(
    number=st.integers(0, 500),
    arguments=st.lists(st.one_of(st.integers(0, 64), st.integers(0, (1 << 64) - 1)), min_size=6, max_size=6),
    path=st.one_of(st.none(), st.text(max_size=300)),
    files=st.sampled_from(Files),
)
def test_every_call_has_a_ruling_and_only_harmless_ones_pass(
    number: int, arguments: list[int], path: str | None, files: Files
) -> None:
    ruling = rule(asker(path, files=files), number, arguments)
    assert ruling.kind in ("", *VIOLATION_KINDS)
    assert bool(ruling.kind) == bool(ruling.detail)
    name = system_calls.NAMES["x86_64"].get(number)
    if ruling.action is Action.PASS:
        assert name in ("open", "openat", "kill", "tgkill", *system_calls.OF_A_PROCESS)
        assert name not in ("open", "openat") or files is Files.BY_KERNEL
    if ruling.action is Action.SERVE:
        assert name in ("open", "openat", *seccomp.calls_on_paths())
        assert files is Files.BY_ENGINE
    if name in seccomp.attack_names():
        assert ruling.action is Action.END
