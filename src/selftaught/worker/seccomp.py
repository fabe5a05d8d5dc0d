"""The system calls that a child may make: a default-deny list, compiled to a kernel filter.

Two filters are stacked. `base_filter` is the big table; the zygote installs it once and every child inherits it free
of cost. `child_filter` is the remainder that only a child must not do; each child loads it anew, and it is short.

What is listed is allowed, with conditions on the arguments where they matter. What is listed under `_ATTACKS` ends
the process. Every other call fails with EPERM, which Python shows as `PermissionError`; calls newer than the table,
and `clone3`, fail with ENOSYS so that the C library falls back to the older way.

Where the kernel lets a filter be watched, what is not allowed goes to the engine first (`SECCOMP_RET_USER_NOTIF`): it
keeps the record, then refuses the call or ends the process (`sandbox.refusals`). A call that nobody answers is not
carried out. Where it cannot be watched, the kernel decides alone, and there is no record of what it refused.

Numbers are those of Linux for x86-64 and aarch64; on any other machine there is no filter.
"""

from __future__ import annotations

import ctypes
import enum
import errno
import os
import struct
import sys
from collections.abc import Iterable

AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
NEWEST_KNOWN_CALL = 450

# Each line: name, number on x86-64, number on aarch64 (`-`: there is no such call).
_COMMON = """
read 0 63 | write 1 64 | readv 19 65 | writev 20 66 | pread64 17 67 | preadv 295 69 | close 3 57 | fstat 5 80
lseek 8 62 | mmap 9 222 | mprotect 10 226 | munmap 11 215 | brk 12 214 | mremap 25 216 | madvise 28 233
rt_sigaction 13 134 | rt_sigprocmask 14 135 | rt_sigreturn 15 139 | rt_sigpending 127 136 | rt_sigtimedwait 128 137
rt_sigsuspend 130 133 | sigaltstack 131 132 | pause 34 - | poll 7 - | ppoll 271 73 | select 23 - | pselect6 270 72
epoll_create 213 - | epoll_create1 291 20 | epoll_ctl 233 21 | epoll_wait 232 - | epoll_pwait 281 22
epoll_pwait2 441 441 | eventfd 284 - | eventfd2 290 19 | pipe 22 - | pipe2 293 59 | dup 32 23 | dup2 33 -
dup3 292 24 | getpid 39 172 | gettid 186 178 | getppid 110 173 | getuid 102 174
geteuid 107 175 | getgid 104 176 | getegid 108 177 | getgroups 115 158 | getpgrp 111 - | getresuid 118 148
getresgid 120 150 | nanosleep 35 101 | gettimeofday 96 169 | time 201 - | times 100 153 | futex 202 98
sched_yield 24 124 | sched_get_priority_max 146 125 | sched_get_priority_min 147 126 | getcpu 309 168
getrandom 318 278 | getrlimit 97 163 | sysinfo 99 179 | uname 63 160 | getrusage 98 165 | set_robust_list 273 99
rseq 334 293 | set_tid_address 218 96 | exit 60 93 | exit_group 231 94 | restart_syscall 219 128 | getcwd 79 17
membarrier 324 283 | alarm 37 - | setitimer 38 103 | getitimer 36 102 | recvfrom 45 207 | getsockname 51 204
getpeername 52 205 | shutdown 48 210 | wait4 61 260 | waitid 247 95
"""
_LISTING = """
getdents 78 - | getdents64 217 61
"""
_LOOKING_AT_PATHS = """
stat 4 - | lstat 6 - | statx 332 291 | access 21 - | faccessat 269 48 | faccessat2 439 439 | readlink 89 -
readlinkat 267 78
"""
# Their first argument is a process, of which 0 is the caller.
_OF_A_PROCESS = """
getpgid 121 155 | getsid 124 156 | sched_getaffinity 204 123 | sched_getparam 143 121 | sched_getscheduler 145 120
prlimit64 302 261
"""
# Their first argument is a clock; those with negative numbers belong to other processes.
_CLOCKS = """
clock_gettime 228 113 | clock_getres 229 114 | clock_nanosleep 230 115
"""
_WITH_CONDITIONS = """
open 2 - | openat 257 56 | newfstatat 262 79 | fcntl 72 25 | ioctl 16 29 | socketpair 53 199 | sendto 44 206
close_range 436 436 | kill 62 129 | tgkill 234 131 | clone 56 220 | clone3 435 435 | getsockopt 55 209
prctl 157 167
"""
_ZYGOTE_ONLY = """
sendmsg 46 211 | recvmsg 47 212 | pidfd_open 434 434 | setrlimit 160 164 | landlock_restrict_self 446 446
"""
_ATTACKS = """
ptrace 101 117 | mount 165 40 | umount2 166 39 | pivot_root 155 41 | chroot 161 51 | fsopen 430 430 | fsconfig 431 431
fsmount 432 432 | fspick 433 433 | move_mount 429 429 | open_tree 428 428 | mount_setattr 442 442 | bpf 321 280
keyctl 250 219 | add_key 248 217 | request_key 249 218 | io_uring_setup 425 425 | io_uring_enter 426 426
io_uring_register 427 427 | unshare 272 97 | setns 308 268 | process_vm_readv 310 270 | process_vm_writev 311 271
process_madvise 440 440 | perf_event_open 298 241 | userfaultfd 323 282 | kexec_load 246 104 | kexec_file_load 320 294
init_module 175 105 | finit_module 313 273 | delete_module 176 106 | reboot 169 142 | swapon 167 224 | swapoff 168 225
open_by_handle_at 304 265 | iopl 172 - | ioperm 173 - | modify_ldt 154 - | acct 163 89 | quotactl 179 60
quotactl_fd 443 443 | kcmp 312 272 | pidfd_getfd 438 438 | settimeofday 164 170 | clock_settime 227 112
clock_adjtime 305 266 | sethostname 170 161 | setdomainname 171 162 | nfsservctl 180 42 | lookup_dcookie 212 18
"""

_ALLOW = 0x7FFF0000
_KILL = 0x80000000
_ASK = 0x7FC00000  # the engine decides
_EPERM = 0x00050000 | errno.EPERM
_ENOSYS = 0x00050000 | errno.ENOSYS

_LOAD, _JEQ, _JGT, _JSET, _AND, _RET = 0x20, 0x15, 0x25, 0x45, 0x54, 0x06
_NUMBER_OFFSET, _ARCH_OFFSET, _ARGUMENTS_OFFSET = 0, 4, 16
_X32_BIT = 0x40000000

CLONE_THREAD = 0x00010000
# Threads share one table of open files: the limit on their number holds for each table.
_CLONE_SHARED_FILES = 0x00000600
_CLOSE_RANGE_UNSHARE = 2
CLONE_NAMESPACES = 0x7E020000
# Access mode, create, truncate, append, temporary file.
WRITING_OPEN_FLAGS = 0o3 | 0o100 | 0o1000 | 0o2000 | 0o20000000
_LAST_CLOCK = 11
_FCNTL_COMMANDS = (0, 1, 2, 3, 4, 1030)  # duplicate, get and set descriptor flags, get and set status flags
# Is it a terminal, its size, bytes waiting, non-blocking, close on exec and not.
_IOCTL_REQUESTS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
# Type, error, send and receive buffer, protocol, family; not the peer's process, which newer kernels hand out as a
# descriptor.
_SOCKET_OPTIONS = (3, 4, 7, 8, 38, 39)
UNCATCHABLE = (9, 19)  # SIGKILL and SIGSTOP: a child that dies by SIGKILL was killed by the system or by the engine

_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NAME, _PR_GET_NAME = 1, 22, 15, 16
_ZYGOTE_PRCTL = (_PR_SET_PDEATHSIG, _PR_SET_SECCOMP)
_HARMLESS_PRCTL = (_PR_SET_NAME, _PR_GET_NAME)
_SECCOMP_MODE_FILTER, _SECCOMP_SET_MODE_FILTER, _NEW_LISTENER = 2, 1, 8
_SECCOMP_NUMBERS = {"x86_64": 317, "aarch64": 277}

Instruction = tuple[int, int, int, int]


class Files(enum.Enum):
    """Who carries out calls that name a path for reading."""

    BY_KERNEL = "by_kernel"
    """The kernel, in the namespaces and the Landlock domain of the process: both see the path itself."""
    BY_ENGINE = "by_engine"
    """The engine, in its own words: what lies outside of what is readable cannot be told from what is not there."""
    CLOSED = "closed"
    """Nobody."""


def machine() -> str | None:
    """Returns `x86_64` or `aarch64`, or None where there is no table for this machine."""
    name = {"arm64": "aarch64", "AMD64": "x86_64"}.get(os.uname().machine, os.uname().machine)
    return name if name in AUDIT_ARCH and sys.maxsize > 2**32 else None


def base_filter(arch: str, *, files: Files, watched: bool) -> list[Instruction]:
    """Returns the big table, as the zygote installs it.

    Args:
        arch: A key of `AUDIT_ARCH`.
        files: Who opens files for reading and looks at paths; by the engine only where it watches.
        watched: Whether the engine hears of what is not allowed, and decides. It then hears of every file that is
            opened, of every signal, and of the zygote's forks, which it lets pass.
    """
    number = numbers(arch)
    refuse, attack = (_ASK, _ASK) if watched else (_EPERM, _KILL)
    looking = _ALLOW if files is Files.BY_KERNEL else refuse
    reading = refuse if watched else looking
    listing = "" if files is Files.CLOSED else _LISTING
    program = _entry(arch)
    for name in names(_COMMON) + names(_ZYGOTE_ONLY) + names(listing):
        program += _rule(number, name, [_return(_ALLOW)])
    for name in calls_on_paths():
        program += _rule(number, name, [_return(looking)])
    program += _rule(number, "openat", _by_bits(2, WRITING_OPEN_FLAGS, refuse, reading))
    program += _rule(number, "open", _by_bits(1, WRITING_OPEN_FLAGS, refuse, reading))
    program += _rule(number, "fcntl", _if_one_of(1, _FCNTL_COMMANDS, refuse))
    program += _rule(number, "ioctl", _if_one_of(1, _IOCTL_REQUESTS, refuse))
    program += _rule(number, "prctl", _if_one_of(0, _ZYGOTE_PRCTL + _HARMLESS_PRCTL, refuse))
    program += _rule(number, "getsockopt", _if_one_of(2, _SOCKET_OPTIONS, refuse))
    program += _rule(number, "socketpair", _local_stream(refuse))
    program += _rule(number, "sendto", _if_zero(4, refuse))
    program += _rule(number, "clone", _no_namespaces(attack, refuse, forks=refuse if watched else _ALLOW))
    program += _rule(number, "close_range", _by_bits(2, _CLOSE_RANGE_UNSHARE, refuse, _ALLOW))
    program += _rule(number, "clone3", [_return(_ENOSYS)])
    for name in ("kill", "tgkill"):
        program += _rule(number, name, [_return(refuse if watched else _ALLOW)])
    for name in names(_OF_A_PROCESS):
        program += _rule(number, name, _if_zero(0, refuse))
    for name in names(_CLOCKS):
        program += _rule(number, name, [_argument(0), (_JGT, 0, 1, _LAST_CLOCK), _return(refuse), _return(_ALLOW)])
    for name in names(_ATTACKS):
        program += _rule(number, name, [_return(attack)])
    return [*program, (_JGT, 0, 1, NEWEST_KNOWN_CALL), _return(_ENOSYS), _return(refuse)]


def child_filter(arch: str, pid: int, *, threads: bool, watched: bool) -> list[Instruction]:
    """Returns the remainder that each child adds: what the zygote may do and they may not.

    Of two filters the stricter decides, and asking the engine is less strict than refusing: what the engine shall
    hear of must pass here.

    Args:
        arch: A key of `AUDIT_ARCH`.
        pid: The child's own process id, as it sees it.
        threads: Whether it may start threads.
        watched: Whether the big table leaves forks and signals to the engine; if not, they are refused here.
    """
    number = numbers(arch)
    program: list[Instruction] = [(_LOAD, 0, 0, _NUMBER_OFFSET)]
    for name in names(_ZYGOTE_ONLY):
        program += _rule(number, name, [_return(_EPERM)])
    program += _rule(number, "prctl", _unless_one_of(0, _ZYGOTE_PRCTL))
    program += _rule(number, "prlimit64", _if_zero(2, _EPERM))
    new_thread, new_process = (_ALLOW if threads else _EPERM), (_ALLOW if watched else _EPERM)
    program += _rule(number, "clone", _by_bits(0, CLONE_THREAD, new_thread, new_process))
    if not watched:
        program += _rule(number, "kill", _to_itself(pid, signal_argument=1))
        program += _rule(number, "tgkill", _to_itself(pid, signal_argument=2))
    return [*program, _return(_ALLOW)]


def assemble(program: list[Instruction]) -> bytes:
    """Returns the filter as the kernel reads it: an array of `struct sock_filter`."""
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


class Filter:
    """A filter in memory as the kernel reads it (`struct sock_fprog`), ready to be put on this process."""

    def __init__(self, program: list[Instruction]) -> None:
        code = assemble(program)
        self._code = ctypes.create_string_buffer(code, len(code))
        header = struct.pack("=HxxxxxxQ", len(program), ctypes.addressof(self._code))
        self._header = ctypes.create_string_buffer(header, len(header))
        self._address = ctypes.c_ulong(ctypes.addressof(self._header))

    def write(self, places: list[int], value: int) -> None:
        """Puts a constant at some offsets of the code."""
        for place in places:
            _WORD.pack_into(self._code, place, value)

    def install(self) -> None:
        """Puts the filter on this process for good; `no_new_privs` must be set.

        Raises:
            OSError: The kernel has no seccomp filters, or refuses this one.
        """
        if _libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, self._address, 0, 0):
            code = ctypes.get_errno()
            raise OSError(code, f"seccomp: {os.strerror(code)}")

    def install_watched(self, arch: str) -> int:
        """Puts the filter on this process for good; returns the descriptor on which its questions are answered.

        Raises:
            OSError: The kernel has no watched filters (before Linux 5.5), or a container's are in the way.
        """
        mode, flags = ctypes.c_ulong(_SECCOMP_SET_MODE_FILTER), ctypes.c_ulong(_NEW_LISTENER)
        descriptor: int = _libc.syscall(ctypes.c_long(_SECCOMP_NUMBERS[arch]), mode, flags, self._address)
        if descriptor < 0:
            code = ctypes.get_errno()
            raise OSError(code, f"seccomp: {os.strerror(code)}")
        return descriptor


class ChildFilter:
    """`child_filter`, ready but for the process id, which is known only after the fork."""

    def __init__(self, arch: str, *, threads: bool, watched: bool) -> None:
        program = child_filter(arch, _PLACE_FOR_PID, threads=threads, watched=watched)
        self._filter = Filter(program)
        self._places = [8 * index + 4 for index, instruction in enumerate(program) if instruction[3] == _PLACE_FOR_PID]

    def install(self, pid: int) -> None:
        """Puts the filter on this process, whose id is `pid`.

        Raises:
            OSError: The kernel refuses.
        """
        self._filter.write(self._places, pid)
        self._filter.install()


def numbers(arch: str) -> dict[str, int]:
    """Returns the number of every call named in the tables, for one machine."""
    return _NUMBERS[arch]


def calls_on_paths() -> list[str]:
    """Returns the calls that look at a path, and do nothing more."""
    return [*names(_LOOKING_AT_PATHS), "newfstatat"]


def calls_on_a_process() -> list[str]:
    """Returns the calls that ask something of a process, by its number."""
    return names(_OF_A_PROCESS)


def attack_names() -> list[str]:
    """Returns the calls that end the process."""
    return names(_ATTACKS)


def names(table: str) -> list[str]:
    """Returns the calls of one table, in its order."""
    return [name for name, _, _ in _entries(table)]


def _entries(table: str) -> Iterable[tuple[str, str, str]]:
    for entry in table.replace("\n", "|").split("|"):
        if entry.strip():
            name, x86_64, aarch64 = entry.split()
            yield name, x86_64, aarch64


def _all_numbers() -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {"x86_64": {}, "aarch64": {}}
    for name, x86_64, aarch64 in _entries(
        _COMMON + _LISTING + _LOOKING_AT_PATHS + _OF_A_PROCESS + _CLOCKS + _WITH_CONDITIONS + _ZYGOTE_ONLY + _ATTACKS
    ):
        for arch, number in (("x86_64", x86_64), ("aarch64", aarch64)):
            if number != "-":
                found[arch][name] = int(number)
    return found


_NUMBERS = _all_numbers()
_libc = ctypes.CDLL(None, use_errno=True)
_libc.prctl.argtypes = [ctypes.c_int, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong]
_WORD = struct.Struct("=I")
_PLACE_FOR_PID = 0x7E57ED01  # stands for a process id in a filter; no such id can be


def _entry(arch: str) -> list[Instruction]:
    """Kills what comes by another calling convention (32-bit entries, x32), and leaves the call's number loaded."""
    head = [(_LOAD, 0, 0, _ARCH_OFFSET), (_JEQ, 1, 0, AUDIT_ARCH[arch]), _return(_KILL), (_LOAD, 0, 0, _NUMBER_OFFSET)]
    return [*head, (_JSET, 0, 1, _X32_BIT), _return(_KILL)] if arch == "x86_64" else head


def _rule(number: dict[str, int], name: str, body: list[Instruction]) -> list[Instruction]:
    """What to do for one call; every path through `body` returns. A call that this machine lacks has no rule."""
    if name not in number:
        return []
    return [(_JEQ, 0, len(body), number[name]), *body]


def _return(action: int) -> Instruction:
    return (_RET, 0, 0, action)


def _argument(index: int, *, high: bool = False) -> Instruction:
    return (_LOAD, 0, 0, _ARGUMENTS_OFFSET + 8 * index + (4 if high else 0))


def _by_bits(index: int, bits: int, if_any: int, if_none: int) -> list[Instruction]:
    return [_argument(index), (_JSET, 0, 1, bits), _return(if_any), _return(if_none)]


def _if_one_of(index: int, values: tuple[int, ...], refuse: int) -> list[Instruction]:
    tests = [instruction for value in values for instruction in ((_JEQ, 0, 1, value), _return(_ALLOW))]
    return [_argument(index), *tests, _return(refuse)]


def _unless_one_of(index: int, values: tuple[int, ...]) -> list[Instruction]:
    tests = [instruction for value in values for instruction in ((_JEQ, 0, 1, value), _return(_EPERM))]
    return [_argument(index), *tests, _return(_ALLOW)]


def _if_zero(index: int, refuse: int) -> list[Instruction]:
    """Allows a call of which this argument is zero, both halves of it."""
    low, high = _argument(index), _argument(index, high=True)
    return [low, (_JEQ, 0, 3, 0), high, (_JEQ, 0, 1, 0), _return(_ALLOW), _return(refuse)]


def _local_stream(refuse: int) -> list[Instruction]:
    """Allows a connected pair of local stream sockets, for asyncio; a datagram pair could send to any address."""
    family, kind = (_JEQ, 0, 4, 1), (_JEQ, 0, 1, 1)
    return [_argument(0), family, _argument(1), (_AND, 0, 0, 0xF), kind, _return(_ALLOW), _return(refuse)]


def _no_namespaces(attack: int, refuse: int, forks: int) -> list[Instruction]:
    """What `clone` may make: threads with one table of files, and processes as `forks` says; no namespaces."""
    return [
        _argument(0),
        (_JSET, 0, 1, CLONE_NAMESPACES),
        _return(attack),
        (_JSET, 1, 0, CLONE_THREAD),
        _return(forks),
        (_AND, 0, 0, _CLONE_SHARED_FILES),
        (_JEQ, 0, 1, _CLONE_SHARED_FILES),
        _return(_ALLOW),
        _return(refuse),
    ]


def _to_itself(pid: int, *, signal_argument: int) -> list[Instruction]:
    refused = [instruction for value in UNCATCHABLE for instruction in ((_JEQ, 0, 1, value), _return(_EPERM))]
    return [_argument(0), (_JEQ, 1, 0, pid), _return(_EPERM), _argument(signal_argument), *refused, _return(_ALLOW)]
