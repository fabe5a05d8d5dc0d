"""The filters decide as the tables say, for both machines; run here by an interpreter of the filter language."""

from __future__ import annotations

import errno
import re
from pathlib import Path
from typing import Any

import pytest

from selftaught.sandbox.system_calls import NAMES, PATHS
from selftaught.worker import seccomp
from selftaught.worker.seccomp import Files

ARCHES = ("x86_64", "aarch64")
ALLOW, ASK, KILL, EPERM, ENOSYS = "allow", "ask", "kill", "eperm", "enosys"
ACTIONS = {
    0x7FFF0000: ALLOW,
    0x7FC00000: ASK,
    0x80000000: KILL,
    0x50000 | errno.EPERM: EPERM,
    0x50000 | errno.ENOSYS: ENOSYS,
}
STRICTNESS = (ALLOW, ASK, ENOSYS, EPERM, KILL)
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
PID = 4242


def run(program: list[seccomp.Instruction], arch: int, number: int, arguments: tuple[int, ...]) -> str:
    """Returns what the filter says to one system call."""
    words = [number, arch, 0, 0]
    for argument in (*arguments, *[0] * 6)[:6]:
        words += [argument & 0xFFFFFFFF, argument >> 32 & 0xFFFFFFFF]
    at, loaded = 0, 0
    while True:
        code, if_true, if_false, constant = program[at]
        assert 0 <= if_true < 256
        assert 0 <= if_false < 256
        at += 1
        match code:
            case 0x20:
                loaded = words[constant // 4]
            case 0x54:
                loaded &= constant
            case 0x15:
                at += if_true if loaded == constant else if_false
            case 0x25:
                at += if_true if loaded > constant else if_false
            case 0x45:
                at += if_true if loaded & constant else if_false
            case 0x06:
                return ACTIONS[constant]
            case _:
                raise AssertionError(f"an unknown instruction {code:#x}")


def decide(machine: str, name: str, *arguments: int, **options: Any) -> str:
    """Returns what the filters of a zygote, or of a child, say to a call by name."""
    number = seccomp.numbers(machine).get(name)
    if number is None:
        pytest.skip(f"{machine} has no {name}")
    return decide_number(machine, number, *arguments, **options)


def decide_number(
    machine: str,
    number: int,
    *arguments: int,
    files: Files = Files.BY_KERNEL,
    child: bool = True,
    threads: bool = True,
    watched: bool = False,
) -> str:
    arch = seccomp.AUDIT_ARCH[machine]
    answers = [run(seccomp.base_filter(machine, files=files, watched=watched), arch, number, arguments)]
    if child:
        remainder = seccomp.child_filter(machine, PID, threads=threads, watched=watched)
        answers.append(run(remainder, arch, number, arguments))
    return max(answers, key=STRICTNESS.index)


@pytest.mark.parametrize("machine", ARCHES)
@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("read", (0,), ALLOW),
        ("mmap", (), ALLOW),
        ("futex", (), ALLOW),
        ("openat", (0, 1, 0o2000000), ALLOW),
        ("openat", (0, 1, 0o1), EPERM),
        ("openat", (0, 1, 0o2), EPERM),
        ("openat", (0, 1, 0o100), EPERM),
        ("openat", (0, 1, 0o20200000), EPERM),
        ("open", (1, 0), ALLOW),
        ("open", (1, 0o1002), EPERM),
        ("fcntl", (3, 1), ALLOW),
        ("fcntl", (3, 8), EPERM),
        ("ioctl", (0, 0x5401), ALLOW),
        ("ioctl", (0, 0x5412), EPERM),
        ("socketpair", (1, 1 | 0o2000000), ALLOW),
        ("socketpair", (1, 2), EPERM),
        ("socketpair", (2, 1), EPERM),
        ("sendto", (3, 4, 5, 0, 0), ALLOW),
        ("sendto", (3, 4, 5, 0, 1), EPERM),
        ("sendto", (3, 4, 5, 0, 1 << 32), EPERM),
        ("getsockopt", (3, 1, 4), ALLOW),
        ("getsockopt", (3, 1, 77), EPERM),
        ("kill", (PID, 15), ALLOW),
        ("kill", (PID, 9), EPERM),
        ("kill", (PID + 1, 15), EPERM),
        ("kill", (0xFFFFFFFFFFFFFFFF, 15), EPERM),
        ("tgkill", (PID, 77, 10), ALLOW),
        ("tgkill", (PID, 77, 19), EPERM),
        ("tgkill", (1, 1, 10), EPERM),
        ("clone", (0x003D0F00,), ALLOW),
        ("clone", (0x003D0F00 & ~0x400,), EPERM),
        ("clone", (0x003D0F00 & ~0x200,), EPERM),
        ("close_range", (3, 9, 4), ALLOW),
        ("close_range", (3, 9, 2), EPERM),
        ("clone", (17,), EPERM),
        ("clone", (0x10000000 | 0x00010000,), KILL),
        ("clone3", (), ENOSYS),
        ("getpgid", (0,), ALLOW),
        ("getpgid", (1,), EPERM),
        ("sched_getaffinity", (1 << 32,), EPERM),
        ("clock_gettime", (11,), ALLOW),
        ("clock_gettime", (0xFFFFFFF2,), EPERM),
        ("prlimit64", (1, 7, 0, 1), EPERM),
        ("prlimit64", (0, 7, 0, 1), ALLOW),
        ("prlimit64", (0, 7, 1, 0), EPERM),
        ("setrlimit", (), EPERM),
        ("prctl", (22,), EPERM),
        ("prctl", (1,), EPERM),
        ("prctl", (15,), ALLOW),
        ("prctl", (4,), EPERM),
        ("sendmsg", (), EPERM),
        ("recvmsg", (), EPERM),
        ("pidfd_open", (1,), EPERM),
        ("landlock_restrict_self", (), EPERM),
        ("ptrace", (), KILL),
        ("mount", (), KILL),
        ("io_uring_setup", (), KILL),
        ("unshare", (), KILL),
        ("process_vm_readv", (), KILL),
    ],
)
def test_what_a_child_may_do(machine: str, name: str, arguments: tuple[int, ...], expected: str) -> None:
    assert decide(machine, name, *arguments) == expected


@pytest.mark.parametrize("machine", ARCHES)
def test_every_listed_attack_kills(machine: str) -> None:
    for name in seccomp.names(seccomp._ATTACKS):
        if name in seccomp.numbers(machine):
            assert decide(machine, name) == KILL, name


@pytest.mark.parametrize("machine", ARCHES)
def test_the_zygote_may_fork_and_confine_its_children(machine: str) -> None:
    assert decide(machine, "clone", 0x01200011, child=False) == ALLOW
    for name in (
        "sendmsg",
        "recvmsg",
        "pidfd_open",
        "landlock_restrict_self",
        "prlimit64",
        "wait4",
    ):
        for watched in (False, True):
            assert decide(machine, name, child=False, watched=watched) == ALLOW
    for option in (1, 22):
        assert decide(machine, "prctl", option, child=False) == ALLOW
        assert decide(machine, "prctl", option, child=False, watched=True) == ALLOW
    assert decide(machine, "clone", 0x01200011, child=False, watched=True) == ASK


@pytest.mark.parametrize("machine", ARCHES)
@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("read", (0,), ALLOW),
        ("openat", (0, 1, 0o2000000), ASK),
        ("openat", (0, 1, 0o1), ASK),
        ("fcntl", (3, 8), ASK),
        ("ioctl", (0, 0x5401), ALLOW),
        ("ioctl", (0, 0x5412), ASK),
        ("socketpair", (1, 1), ALLOW),
        ("socketpair", (2, 1), ASK),
        ("sendto", (3, 4, 5, 0, 1), ASK),
        ("kill", (PID, 15), ASK),
        ("kill", (PID + 1, 9), ASK),
        ("clone", (0x003D0F00,), ALLOW),
        ("clone", (0x003D0F00 & ~0x400,), ASK),
        ("clone", (17,), ASK),
        ("clone", (0x10000000 | 0x00010000,), ASK),
        ("clone3", (), ENOSYS),
        ("prctl", (15,), ALLOW),
        ("prctl", (4,), ASK),
        ("prctl", (22,), EPERM),
        ("prlimit64", (0, 7, 1, 0), EPERM),
        ("sendmsg", (), EPERM),
        ("ptrace", (), ASK),
        ("mount", (), ASK),
    ],
)
def test_where_the_engine_watches_it_hears_of_what_is_not_allowed(
    machine: str, name: str, arguments: tuple[int, ...], expected: str
) -> None:
    assert decide(machine, name, *arguments, watched=True) == expected


@pytest.mark.parametrize("machine", ARCHES)
def test_watched_nothing_passes_that_the_kernel_alone_would_refuse(machine: str) -> None:
    values = (0, 1, 2, 9, 17, 22, 0x10000, 0x10000000, 0x003D0F00, 1 << 32)
    for number in range(seccomp.NEWEST_KNOWN_CALL + 10):
        for arguments in ((first, second, second) for first in values for second in values):
            if decide_number(machine, number, *arguments, watched=True) == ALLOW:
                assert decide_number(machine, number, *arguments) == ALLOW, (number, arguments)


@pytest.mark.parametrize("machine", ARCHES)
def test_no_file_is_opened_where_all_files_are_closed(machine: str) -> None:
    for name in ("openat", "statx", "readlinkat", "faccessat", "getdents64"):
        assert decide(machine, name, files=Files.CLOSED) == EPERM
    assert decide(machine, "newfstatat", 3, 0, 0, 0, files=Files.CLOSED) == EPERM
    assert (
        decide(machine, "newfstatat", 3, 0, 0, 0x1000, files=Files.CLOSED) == EPERM
    )  # it would answer for a path all the same


@pytest.mark.parametrize("machine", ARCHES)
def test_where_the_engine_opens_files_it_hears_of_every_path(machine: str) -> None:
    how: dict[str, Any] = {"files": Files.BY_ENGINE, "watched": True}
    for name in (*seccomp.calls_on_paths(), "openat", "open"):
        for child in (False, True):
            if name in seccomp.numbers(machine):
                assert decide(machine, name, 0, 0, 0, 0, child=child, **how) == ASK, name
    for name in ("fstat", "getdents64", "read", "mmap", "lseek"):
        assert decide(machine, name, **how) == ALLOW


@pytest.mark.parametrize("machine", ARCHES)
def test_no_call_that_takes_a_path_passes_where_paths_are_hidden(machine: str) -> None:
    numbers = {name: number for number, name in NAMES[machine].items()}
    for files in (Files.BY_ENGINE, Files.CLOSED):
        for name in PATHS.keys() & numbers.keys():
            for flags in (0, 0x1000, 0o10000000):
                decision = decide_number(machine, numbers[name], 0, 0, flags, flags, files=files, watched=True)
                assert decision != ALLOW, name


@pytest.mark.parametrize("machine", ARCHES)
def test_threads_can_be_denied(machine: str) -> None:
    assert decide(machine, "clone", 0x003D0F00, threads=False) == EPERM


@pytest.mark.parametrize("machine", ARCHES)
def test_what_nobody_listed_is_denied(machine: str) -> None:
    listed = set(seccomp.numbers(machine).values())
    for number in range(seccomp.NEWEST_KNOWN_CALL + 1):
        if number not in listed:
            assert decide_number(machine, number) == EPERM
            assert decide_number(machine, number, watched=True) == ASK
    assert decide_number(machine, seccomp.NEWEST_KNOWN_CALL + 1) == ENOSYS


def test_other_ways_into_the_kernel_kill() -> None:
    i386, x32 = 0x40000003, 0x40000000
    for machine in ARCHES:
        for watched in (False, True):
            assert run(seccomp.base_filter(machine, files=Files.BY_KERNEL, watched=watched), i386, 3, ()) == KILL
    assert decide_number("x86_64", x32 | 39) == KILL


@pytest.mark.parametrize("machine", ARCHES)
@pytest.mark.parametrize("watched", [False, True])
def test_the_filters_fit(machine: str, watched: bool) -> None:
    assert len(seccomp.base_filter(machine, files=Files.BY_KERNEL, watched=watched)) < 500
    assert len(seccomp.child_filter(machine, PID, threads=True, watched=watched)) < 80


@pytest.mark.parametrize("machine", ARCHES)
def test_the_numbers_are_those_of_the_kernel_headers(machine: str) -> None:
    if not HEADERS[machine].exists():
        pytest.skip("the kernel's headers are not installed")
    defined = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", HEADERS[machine].read_text())
    known = {name: int(number) for name, number in reversed(defined)}
    if machine == "aarch64":
        known["newfstatat"] = known.get("newfstatat", known.get("fstatat", 79))
    named = {name: number for number, name in NAMES[machine].items()}
    for name, number in (*seccomp.numbers(machine).items(), *named.items()):
        if name in known:
            assert known[name] == number, name
    assert len(known.keys() & seccomp.numbers(machine).keys()) > 100
