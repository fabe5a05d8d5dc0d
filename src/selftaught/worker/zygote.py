"""The zygote: a process that has everything imported, is confined, and forks one child for each job.

The engine starts it by path, with an empty environment, as `python -s -P -B -S zygote.py FD`; FD is one end of a
`SOCK_SEQPACKET` pair. Both sides first speak JSON, one document a packet:

    engine → {"mode", "files", "site_packages", "worker", "readable", "listable"}
    zygote → {"event": "loaded", "roles", "failed": {role: why}}      + a pidfd of the zygote
    engine → {"size_bytes"}                                           the zygote's address space, seen from outside
    zygote → {"event": "ready"} or {"event": "refused", "why"}        + the descriptor that answers its filter, if any

and then packets of a fixed form, since what is touched after a fork costs time:

    engine → ORDER: job, role (index into `ROLES`), CPU seconds, memory in bytes, threads
             + the child's socket, and a `/dev/null` of its own: what one child sets on it, no other shall see
    zygote → EVENT: `STARTED`, job, 0, 0                              + a pidfd of the child
             EVENT: `NOT_STARTED`, job, the error's number, 0
             EVENT: `ENDED`, job, the process's status, its CPU seconds

It never runs, reads or imports anything that is not ours. When the engine's end closes, it ends, and its children
with it.
"""

import gc
import importlib
import importlib.machinery
import importlib.util
import json
import os
import select
import socket
import struct
import sys
import types
from typing import Any

ROLES = ("solution", "improver", "task", "proposer", "probe", "reader")
MAX_PACKET_BYTES = 65536
ORDER = struct.Struct("=IBdQ?")
EVENT = struct.Struct("=BIid")
STARTED, NOT_STARTED, ENDED = range(3)
DESCRIPTOR = struct.Struct("=i")
ORDERED_DESCRIPTORS = struct.Struct("=ii")
DESCRIPTOR_ROOM = socket.CMSG_SPACE(ORDERED_DESCRIPTORS.size)
RNG_SEED = 0
THREAD_STACK_BYTES = 4 * 1024 * 1024
EXIT_OUT_OF_MEMORY = 103
"""How a child ends whose role met a `MemoryError` that it did not report."""

NUMPY = ("numpy", "numpy.random", "numpy.linalg", "numpy.fft")
THIRD_PARTY = ("msgspec", "markdown_it", "resource", "ctypes")
STANDARD = """
abc array ast bisect cmath collections collections.abc concurrent.futures concurrent.futures.thread contextlib copy
dataclasses decimal enum fractions functools hashlib heapq inspect io itertools json keyword linecache math numbers
operator pprint queue random re reprlib secrets statistics string struct sys textwrap threading time timeit traceback
types typing unicodedata uuid warnings weakref zlib
"""
# In the sealed mode nothing can be imported later.
SEALED_EXTRA = """
argparse asyncio base64 bdb binascii bz2 cProfile calendar cmd code codecs codeop colorsys concurrent.futures.process
configparser copyreg csv datetime difflib dis doctest email encodings.ascii encodings.idna encodings.latin_1
encodings.utf_16 fileinput fnmatch getopt gettext glob graphlib gzip html http.client importlib.metadata
importlib.resources ipaddress locale logging lzma mmap multiprocessing multiprocessing.dummy
multiprocessing.pool multiprocessing.queues numpy.char
numpy.ctypeslib numpy.ma numpy.polynomial numpy.rec numpy.strings numpy.testing numpy.typing optparse pathlib
pickle platform profile pstats sched select selectors shelve shlex signal site smtplib socket sqlite3 ssl stat
stringprep subprocess symtable sysconfig tempfile token tokenize tracemalloc unittest urllib.parse urllib.request
xml.etree.ElementTree zipfile zoneinfo
"""


def main() -> None:
    """Serves the engine until it closes its end."""
    control = socket.socket(fileno=int(sys.argv[1]))
    config = json.loads(control.recv(MAX_PACKET_BYTES) or os._exit(0))
    sys.path.extend(config["site_packages"])
    roles, failed = load(config["mode"], config["worker"])
    pidfd = os.pidfd_open(os.getpid())
    _send(control, {"event": "loaded", "roles": sorted(roles), "failed": failed}, pidfd)
    os.close(pidfd)
    size_bytes = json.loads(control.recv(MAX_PACKET_BYTES) or os._exit(0))["size_bytes"]

    confine = sys.modules["selftaught.worker.confine"]  # there only since `load`
    try:
        confinement, listener = confine.confine_zygote(config, size_bytes)
    except OSError as error:
        _send(control, {"event": "refused", "why": str(error)})
        return
    _send(control, {"event": "ready"}, listener)
    if listener is not None:
        os.close(listener)  # whoever holds it can let calls pass
    os.dup2(1, 2)
    zygote = Zygote(control, config["mode"], roles, confinement)
    _freeze()
    zygote.serve()


def load(mode: str, worker: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Imports all that children may need; returns the roles, and why others could not be imported.

    Nothing may register itself to run at a fork meanwhile: `random` would re-seed every child from the operating
    system, and the
    same program would not do the same thing twice.
    """
    register, os.register_at_fork = os.register_at_fork, lambda **_: None
    try:
        for name in (*NUMPY, *THIRD_PARTY):
            importlib.import_module(name)
        for name in (STANDARD + SEALED_EXTRA if mode == "sealed" else STANDARD).split():
            _import_if_there(name)
        _make_package(worker)
        loaded, failed = _load_roles()
        sys.modules["selftaught.worker.rehearsal"].rehearse(loaded)
        _seed()
        sys.modules["threading"].stack_size(THREAD_STACK_BYTES)
    finally:
        os.register_at_fork = register
    os.environ.clear()
    sys.modules["ctypes"].CDLL(None).clearenv()  # some libraries add to it past Python
    return loaded, failed


def _import_if_there(name: str) -> None:
    """Imports a module that not every build of Python has."""
    try:
        importlib.import_module(name)
    except ImportError:
        return


def _make_package(worker: str) -> None:
    """Makes `selftaught.worker` importable from its folder, under a parent package that is empty and stays so."""
    parent = types.ModuleType("selftaught")
    parent.__path__ = []
    sys.modules["selftaught"] = parent
    spec = importlib.util.spec_from_file_location(
        "selftaught.worker", f"{worker}/__init__.py", submodule_search_locations=[worker]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"no package in {worker}")
    package = importlib.util.module_from_spec(spec)
    sys.modules["selftaught.worker"] = package
    spec.loader.exec_module(package)
    parent.worker = package  # type: ignore[attr-defined]


def _load_roles() -> tuple[dict[str, Any], dict[str, str]]:
    """Returns the `main` of every role, and why a role could not be imported."""
    loaded: dict[str, Any] = {}
    failed: dict[str, str] = {}
    for role in ROLES:
        try:
            loaded[role] = importlib.import_module(f"selftaught.worker.{role}").main
        except Exception as error:  # noqa: BLE001 - the message goes to the engine, which says it to a person
            failed[role] = f"{type(error).__name__}: {error}"
    for name in ("wire", "confine", "landlock", "seccomp", "rehearsal", "released_layout"):
        importlib.import_module(f"selftaught.worker.{name}")
    return loaded, failed


def _seed() -> None:
    """Sets the state of every shared random generator, so that two zygotes make equal children."""
    random = importlib.import_module("random")
    numpy_random = importlib.import_module("numpy.random")
    random.seed(RNG_SEED)
    numpy_random.seed(RNG_SEED)
    # An unseeded `numpy.random.default_rng()` asks this for its entropy.
    numpy_random.bit_generator.randbits = random.Random(RNG_SEED).getrandbits


def _freeze() -> None:
    """Keeps the collector of the children from touching, and so copying, what is already here."""
    gc.collect()
    gc.freeze()


class Zygote:
    """Forks a child for each job and tells the engine how it ended."""

    def __init__(self, control: socket.socket, mode: str, roles: dict[str, Any], confinement: Any) -> None:
        self._control = control
        self._mode = mode
        self._roles = roles
        self._confinement = confinement
        self._jobs: dict[int, tuple[int, int]] = {}  # by pidfd: the job's number, its process id
        self._poll = select.poll()
        self._poll.register(control.fileno(), select.POLLIN)

    def serve(self) -> None:
        """Returns when the engine has closed its end."""
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor in self._jobs:
                    self._reap(descriptor)
                elif not self._accept():
                    return

    def _accept(self) -> bool:
        packet, ancillary, _, _ = self._control.recvmsg(ORDER.size, DESCRIPTOR_ROOM)
        if not packet:
            return False
        number, role, cpu_seconds, memory_bytes, threads = ORDER.unpack(packet)
        descriptors = ORDERED_DESCRIPTORS.unpack(ancillary[0][2])
        try:
            pid = os.fork()
        except OSError as error:
            self._control.send(EVENT.pack(NOT_STARTED, number, error.errno or 0, 0.0))
        else:
            if pid == 0:
                self._become_child(ROLES[role], descriptors, memory_bytes, cpu_seconds, threads)
            self._watch(number, pid)
        for descriptor in descriptors:
            os.close(descriptor)
        return True

    def _watch(self, number: int, pid: int) -> None:
        pidfd = os.pidfd_open(pid)
        self._jobs[pidfd] = (number, pid)
        self._poll.register(pidfd, select.POLLIN)
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, DESCRIPTOR.pack(pidfd))
        self._control.sendmsg([EVENT.pack(STARTED, number, 0, 0.0)], [rights])

    def _reap(self, pidfd: int) -> None:
        number, pid = self._jobs.pop(pidfd)
        _, status, usage = os.wait4(pid, 0)
        if self._mode == "unsandboxed":
            _kill_group(pid)
        self._poll.unregister(pidfd)
        os.close(pidfd)
        self._control.send(EVENT.pack(ENDED, number, status, usage.ru_utime + usage.ru_stime))

    def _become_child(
        self, role: str, descriptors: tuple[int, ...], memory_bytes: int, cpu_seconds: float, threads: bool
    ) -> None:
        """Runs the job in the child; never returns."""
        status = 1
        try:
            self._confinement.apply(descriptors, memory_bytes, cpu_seconds, threads)
            status = run_role(self._roles[role], self._confinement.channel)
        finally:
            os._exit(status)


def run_role(role: Any, descriptor: int) -> int:
    """Runs a role on the first message of its channel; returns the exit code."""
    wire = sys.modules["selftaught.worker.wire"]
    channel = wire.Channel(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, descriptor))
    try:
        role(channel, channel.receive())
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except MemoryError:
        return EXIT_OUT_OF_MEMORY
    return 0


def _kill_group(leader: int) -> None:
    """Kills what an unsandboxed child has left behind; in every other mode a child cannot start processes."""
    try:
        os.killpg(leader, 9)
    except ProcessLookupError:
        return


def _send(control: socket.socket, message: dict[str, Any], descriptor: int | None = None) -> None:
    packet = json.dumps(message).encode()
    if descriptor is None:
        control.send(packet)
    else:
        socket.send_fds(control, [packet], [descriptor])


if __name__ == "__main__":
    main()
