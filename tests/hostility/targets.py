"""What a hostile program is let loose on, and what is left of it afterwards. All of it is planted here."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import platform
import resource
import secrets
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from selftaught.sandbox import python_paths
from selftaught.worker import seccomp

MIB = 1024 * 1024
ORACLE_BITS = 32
MEMORY_BYTES = 48 * MIB
"""The limit that programs which want memory are given; they try to take twice as much."""

# Each line: name, number on x86-64, number on aarch64: calls that the tables of the filter have no line for.
_OTHER_CALLS = """
openat2 437 437 | name_to_handle_at 303 264 | personality 135 92
memfd_create 319 279 | memfd_secret 447 447 | shmget 29 194 | semget 64 190 | msgget 68 186 | mq_open 240 180
inotify_init1 294 26 | fanotify_init 300 262 | splice 275 76 | vmsplice 278 75 | setpriority 141 140
sched_setscheduler 144 119 | sched_setaffinity 203 122 | ioprio_set 251 30 | capset 126 91 | setuid 105 146
setgroups 116 159 | syslog 103 116 | mlockall 151 230 | flock 73 32 | setsid 112 157 | execveat 322 281
rt_sigqueueinfo 129 138 | pidfd_send_signal 424 424 | process_mrelease 448 448 | landlock_create_ruleset 444 444
"""
_VICTIM = """
import ctypes, sys, time
token = ctypes.create_string_buffer(sys.argv[1].encode())
ctypes.CDLL(None).prctl(0x59616d61, -1, 0, 0, 0)
print(ctypes.addressof(token), flush=True)
time.sleep(600)
"""


def call_numbers() -> dict[str, int]:
    """The number on this machine of every system call that some program makes."""
    arch = seccomp.machine() or "x86_64"
    column = 1 if arch == "x86_64" else 2
    lines = [entry.split() for entry in _OTHER_CALLS.replace("\n", "|").split("|") if entry.strip()]
    return {line[0]: int(line[column]) for line in lines if line[column] != "-"} | seccomp.numbers(arch)


@dataclasses.dataclass(kw_only=True)
class Target:
    """Everything planted for one program.

    Attributes:
        folder: A folder that anyone may read and write.
        token: What only someone can know who has got at a secret.
        oracle: A number, told by which files exist.
        mark: What the program sends when it talks to somebody.
        victim: A process that holds the token; None where the program needs none.
        address: Where in its memory.
    """

    folder: Path
    token: str
    oracle: int
    mark: str
    listeners: Listeners
    victim: subprocess.Popen[str] | None
    address: int
    before: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def gone(self) -> Path:
        """A file that is there as soon as the program should have ended."""
        return Path(f"{self.folder}.gone")

    def given(self) -> dict[str, Any]:
        """What the program finds in its scope; nothing of it gives a secret away."""
        return {
            "folder": str(self.folder),
            "secret_file": str(self.folder / "secret"),
            "home": str(self.folder / "home"),
            "gone": str(self.gone),
            "mark": self.mark,
            "victim": self.victim.pid if self.victim else 0,
            "address": self.address,
            "engine": os.getpid(),
            "memory_bytes": MEMORY_BYTES,
            "numbers": call_numbers(),
            **self.listeners.given(),
        }

    def secrets(self) -> dict[str, str]:
        """What may prove that something was read, by its name."""
        package = Path(python_paths.WORKER).parent
        return {
            "token": self.token,
            "oracle": str(self.oracle),
            "host": platform.release(),
            "group": str(os.getpgid(self.victim.pid)) if self.victim and self.victim.poll() is None else "",
            "package": (package / "tasks" / "dispatch" / "reference.py").read_text().splitlines()[0],
        }

    def is_changed(self) -> bool:
        """Whether anything in the folder is not as it was planted."""
        return tree(self.folder) != self.before


@contextlib.contextmanager
def target(listeners: Listeners, *, with_victim: bool) -> Iterator[Target]:
    """A target of its own for one program; removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="hostile-"))
    token = secrets.token_hex(8)
    victim = None
    try:
        made = Target(
            folder=folder,
            token=token,
            oracle=secrets.randbits(ORACLE_BITS) | 1,
            mark=secrets.token_hex(8),
            listeners=listeners,
            victim=None,
            address=0,
        )
        _plant(made)
        if with_victim:
            victim, made.address = _start_victim(token)
            made.victim = victim
        made.before = tree(folder)
        yield made
    finally:
        if victim is not None:
            victim.kill()
            victim.communicate()
        shutil.rmtree(folder, ignore_errors=True)
        Path(f"{folder}.gone").unlink(missing_ok=True)


def _plant(made: Target) -> None:
    folder, token = made.folder, made.token
    for name in ("home/.ssh", "home/.config/pip", "oracle", "package", "empty"):
        (folder / name).mkdir(parents=True)
    for name in ("secret", "home/.ssh/id_ed25519", "home/.config/pip/pip.conf", f"home/{token}.txt"):
        (folder / name).write_text(token)
    (folder / "home" / "planted_module.py").write_text(f"TOKEN = {token!r}\n")
    (folder / "package" / "module.py").write_text("VALUE = 1\n")
    (folder / "utility.py").write_text("def score(arguments, hidden, answer):\n    return 0.0\n")
    (folder / "link").symlink_to(token)
    (folder / "way").symlink_to(folder / "secret")
    for bit in range(ORACLE_BITS):
        if made.oracle >> bit & 1:
            (folder / "oracle" / str(bit)).touch()
    database = sqlite3.connect(folder / "runs.db")
    database.execute("create table runs (text)")
    database.execute("insert into runs values (?)", [token])
    database.commit()
    database.close()
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o777 if path.is_dir() else 0o666)  # only the isolation may stand in between


def _start_victim(token: str) -> tuple[subprocess.Popen[str], int]:
    victim = subprocess.Popen(
        [sys.executable, "-S", "-E", "-c", _VICTIM, token],
        env={"KEY": token},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert victim.stdout is not None
    return victim, int(victim.stdout.readline())


def tree(folder: Path) -> dict[str, Any]:
    """What is in a folder, so that any change can be seen."""
    seen: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        content = path.read_bytes()[:MIB] if path.is_file() and not path.is_symlink() else b""
        seen[str(path)] = (status.st_mode, status.st_size, status.st_mtime_ns, status.st_nlink, status.st_uid, content)
    return seen


class Listeners:
    """Somebody to talk to by every means of this machine; what they hear is kept."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="hostile-"))
        self._folder.chmod(0o755)
        self._heard = bytearray()
        self._name = secrets.token_hex(8)
        self._closed = False
        self._sockets = {
            "tcp": _bound(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            "udp": _bound(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            "tcp6": _bound(socket.AF_INET6, socket.SOCK_STREAM, ("::1", 0)),
            "unix": _bound(socket.AF_UNIX, socket.SOCK_STREAM, str(self._folder / "stream")),
            "datagram": _bound(socket.AF_UNIX, socket.SOCK_DGRAM, str(self._folder / "datagram")),
            "abstract": _bound(socket.AF_UNIX, socket.SOCK_STREAM, f"\0{self._name}"),
        }
        for name in ("stream", "datagram"):
            (self._folder / name).chmod(0o777)
        self._threads = [
            threading.Thread(target=self._listen, args=[sock], daemon=True) for sock in self._sockets.values() if sock
        ]
        for thread in self._threads:
            thread.start()

    def given(self) -> dict[str, Any]:
        """Where they can be reached."""
        return {
            "tcp_port": self._port("tcp"),
            "udp_port": self._port("udp"),
            "tcp6_port": self._port("tcp6"),
            "stream_path": str(self._folder / "stream"),
            "datagram_path": str(self._folder / "datagram"),
            "abstract_name": self._name,
        }

    def _port(self, name: str) -> int:
        sock = self._sockets[name]
        return sock.getsockname()[1] if sock else 0

    def have_heard(self, mark: str) -> bool:
        return mark.encode() in self._heard

    def close(self) -> None:
        self._closed = True
        for sock in self._sockets.values():
            if sock:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
                sock.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _listen(self, sock: socket.socket) -> None:
        while not self._closed:
            try:
                if sock.type == socket.SOCK_DGRAM:
                    self._heard += sock.recv(4096)
                    continue
                connection, _ = sock.accept()
                threading.Thread(target=self._hear, args=[connection], daemon=True).start()
            except OSError:
                return

    def _hear(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(10)
            data, descriptors, _, _ = socket.recv_fds(connection, 4096, 4)
            self._heard += data
            for descriptor in descriptors:
                self._heard += b"descriptor of " + data
                os.close(descriptor)


def _bound(family: int, kind: int, address: Any) -> socket.socket | None:
    sock = socket.socket(family, kind)
    try:
        sock.bind(address)
    except OSError:
        sock.close()
        return None
    if kind == socket.SOCK_STREAM:
        sock.listen(64)
    return sock


# ---------------------------------------------------------------- looking at processes from outside


def status_of(pid: int) -> dict[str, str]:
    """What /proc says of a process; empty if it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return {}
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def cpu_seconds_of(pid: int) -> float | None:
    """The CPU time that a process has used with all its threads; None if it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    if fields[0] in "ZX":
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int:
    """The memory that a process holds, or has held at most."""
    return int(status_of(pid).get("VmHWM", "0 kB").split()[0]) * 1024


def open_descriptors(pid: int) -> int:
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208 - the entries are no paths that one could stat
    except OSError:
        return 0


def is_dead(process: subprocess.Popen[str]) -> bool:
    return process.poll() is not None


def open_files_limit(pid: int) -> int:
    try:
        return resource.prlimit(pid, resource.RLIMIT_NOFILE)[0]
    except OSError:
        return -1


def listens(pid: int) -> bool:
    """Whether a process holds a TCP socket that listens."""
    inodes = set()
    with contextlib.suppress(OSError):
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            inodes.add(str(entry.readlink()).removeprefix("socket:[").removesuffix("]"))
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(row[3] == "0A" and row[9] in inodes for row in rows)
