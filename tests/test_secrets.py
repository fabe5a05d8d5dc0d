"""Keys stay in the engine: none gets into a worker, a prompt, a log, the store or anything that is written from it.

One real run, with keys planted wherever keys are found, is looked at from outside while it goes on: the environment,
command line, descriptors and memory of every worker that can be caught. Its improver carries a text of the same form
on purpose: where that one is not found, the search would not find a key either.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from selftaught.errors import Outcome
from selftaught.improver import bundled_improver
from selftaught.sandbox import Sandbox, SandboxConfig
from selftaught.sandbox.zygote_process import ENVIRONMENT
from selftaught.task_definition import MIB, Task
from selftaught.utility import Draw, open_utility

from .models.http_server import Answer, Asked, serving

SELFTAUGHT = Path(sys.executable).with_name("selftaught")
VARIABLES = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "PIP_INDEX_URL")
PROXIES = ("HTTP_PROXY", "https_proxy", "ALL_PROXY")
FILES = (".netrc", ".config/selftaught/keys", ".aws/credentials", "work/.env")
ENOUGH_CHILDREN, MOST_CHILDREN = 6, 60
LOOKS_BEFORE_EXEC = 200
BLOCK_BYTES = 8 * MIB

# A program that holds a key in an object, as a model client does, before it starts the command line.
HOLDER = """
import sys

class Client:
    key = sys.stdin.readline().strip()

held = [Client.key, {"Authorization": "Bearer " + Client.key}, Client.key.encode("utf-16")]
from selftaught.cli import main
sys.exit(main())
"""

SETTINGS = [
    "--budget-calls",
    "2",
    "--budget-utility",
    "6",
    "--meta-budget-utility",
    "2",
    "--rounds",
    "1",
    "--repeats",
    "1",
    "--gate-repeats",
    "1",
    "--test-repeats",
    "1",
    "--fresh-repeats",
    "1",
    "--workers",
    "2",
    "--store",
    "run.db",
    "--json",
]


def forms_of(mark: str) -> list[bytes]:
    """A text as it may be written: plain, reversed, in wide characters, in hexadecimal, in base64 at any place."""
    plain = mark.encode()
    in_base64 = [base64.b64encode(b"x" * shift + plain)[4 * (shift > 0) : -4] for shift in range(3)]
    wide = [mark.encode(coding) for coding in ("utf-16-le", "utf-16-be", "utf-32-le")]
    return [plain, plain[::-1], plain.hex().encode(), *wide, *(text.rstrip(b"=") for text in in_base64)]


@dataclasses.dataclass(frozen=True)
class Mark:
    """The beginning that planted texts have in common."""

    text: str

    def planted(self) -> str:
        """A text that nobody has seen before."""
        return self.text + secrets.token_hex(12)

    def is_in(self, data: bytes) -> bool:
        return any(form in data for form in forms_of(self.text))


@dataclasses.dataclass(kw_only=True)
class Sight:
    """What was seen of one process, stopped meanwhile."""

    pid: int
    is_child: bool
    environment: bytes = b""
    command: bytes = b""
    descriptors: dict[int, str] = dataclasses.field(default_factory=dict)
    memory_bytes: int = 0
    has_key: bool = False
    has_control: bool = False


def memory_of(pid: int) -> Iterator[bytes]:
    """Yields what a process could have written itself: all readable memory but unchanged parts of files."""
    with Path(f"/proc/{pid}/mem").open("rb", 0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines():
            span, rights, _, _, inode, *_ = line.split(maxsplit=5)
            if not rights.startswith("r") or ("w" not in rights and inode != "0"):
                continue
            start, end = (int(number, 16) for number in span.split("-"))
            for place in range(start, end, BLOCK_BYTES):
                with contextlib.suppress(OSError, ValueError):  # [vvar] and the like
                    memory.seek(place)
                    yield memory.read(min(BLOCK_BYTES + 64, end - place))


def status_of(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def descendants_of(pid: int) -> Iterator[int]:
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                yield child
                yield from descendants_of(child)


def is_confined_child(pid: int) -> bool:
    """Whether this is a child of a zygote that has put on its last filter, so that no part of its start is left."""
    status = status_of(pid)
    parent = status_of(int(status["PPid"]))
    return int(status["Seccomp_filters"]) > int(parent["Seccomp_filters"]) > 0


def look_at(pid: int, key: Mark, control: Mark) -> Sight:
    """What can be seen of a process. Raises OSError where it has gone, or may not be looked at."""
    os.kill(pid, signal.SIGSTOP)
    try:
        sight = Sight(pid=pid, is_child=is_confined_child(pid))
        sight.environment = Path(f"/proc/{pid}/environ").read_bytes()
        sight.command = Path(f"/proc/{pid}/cmdline").read_bytes()
        sight.descriptors = {int(path.name): str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir()}
        for block in memory_of(pid):
            sight.memory_bytes += len(block)
            sight.has_key |= key.is_in(block)
            sight.has_control |= control.is_in(block)
        return sight
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


@dataclasses.dataclass(kw_only=True)
class WatchedRun:
    """A run with planted keys, and all that was seen of it."""

    folder: Path
    environment: dict[str, str]
    key: Mark
    control: Mark
    code: int
    output: bytes
    sights: list[Sight]

    def call(self, *arguments: object) -> bytes:
        """What another command prints, keys in its environment too."""
        finished = subprocess.run(
            [str(SELFTAUGHT), *map(str, arguments)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr
        return finished.stdout + finished.stderr


def planted_environment(home: Path, key: Mark) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "PYTHONPATH")}
    planted = {name: key.planted() for name in VARIABLES}
    proxies = {name: f"http://user:{key.planted()}@proxy.invalid:8080" for name in PROXIES}
    for name in FILES:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(f"password {key.planted()}\n", encoding="utf-8")
    return {**kept, **planted, **proxies, "HOME": str(home), "NO_PROXY": "127.0.0.1"}


def watch(process: subprocess.Popen[bytes], key: Mark, control: Mark) -> list[Sight]:
    """Every zygote, and children as they can be caught, the longest-lived most likely."""
    sights: list[Sight] = []
    looks: Counter[int] = Counter()
    while not (command := Path(f"/proc/{process.pid}/cmdline").read_bytes()):
        time.sleep(0.001)  # it has not got its arguments yet, though its start has been reported
    while process.poll() is None:
        for pid in {*descendants_of(process.pid)} - {sight.pid for sight in sights}:
            children = [sight for sight in sights if sight.is_child]
            is_enough = len(children) >= ENOUGH_CHILDREN and any(sight.has_control for sight in children)
            if is_enough or len(children) >= MOST_CHILDREN:
                break
            with contextlib.suppress(OSError, KeyError):
                looks[pid] += 1
                # Between fork and exec a process is still the engine itself; no worker is, nor stays so.
                if Path(f"/proc/{pid}/cmdline").read_bytes() != command or looks[pid] > LOOKS_BEFORE_EXEC:
                    sights.append(look_at(pid, key, control))
        time.sleep(0.01)
    return sights


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> WatchedRun:
    """A run of the embedded model on one task, whose improver carries the control."""
    home = tmp_path_factory.mktemp("home")
    key, control = Mark(f"sk-{secrets.token_hex(12)}"), Mark(f"ok-{secrets.token_hex(12)}")
    environment = planted_environment(home, key)
    folder = home / "work"
    (folder / "mine.py").write_text(f"# {control.planted()}\n{bundled_improver('seed')}", encoding="utf-8")
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, "run", "dispatch", "--improver", "mine.py", *SETTINGS],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
        )
        assert process.stdin is not None
        process.stdin.write(f"{key.planted()}\n".encode())
        process.stdin.close()
        sights = watch(process, key, control)
    return WatchedRun(
        folder=folder,
        environment=environment,
        key=key,
        control=control,
        code=process.returncode,
        output=(folder / "output").read_bytes(),
        sights=sights,
    )


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may read the memory of a process that forbids it")


def test_the_run_ends_well_and_says_no_key(watched: WatchedRun) -> None:
    assert watched.code == 0, watched.output.decode()
    assert not watched.key.is_in(watched.output)


@needs_root
def test_zygotes_and_children_were_caught(watched: WatchedRun) -> None:
    """Else the tests below would look at nothing."""
    assert sum(sight.is_child for sight in watched.sights) >= 3
    assert sum(not sight.is_child and b"zygote.py" in sight.command for sight in watched.sights) >= 2
    assert all(sight.memory_bytes > MIB for sight in watched.sights if sight.is_child)
    assert any(sight.has_control for sight in watched.sights if sight.is_child)


@needs_root
def test_no_key_is_in_the_memory_of_a_worker(watched: WatchedRun) -> None:
    assert [sight.command for sight in watched.sights if sight.has_key] == []


@needs_root
def test_no_key_is_in_a_worker_s_environment_or_command_line(watched: WatchedRun) -> None:
    for sight in watched.sights:
        names = {entry.partition(b"=")[0].decode() for entry in sight.environment.split(b"\0") if entry}
        assert names <= {*ENVIRONMENT, "PWD"}
        assert not watched.key.is_in(sight.environment + sight.command)


@needs_root
def test_a_child_has_its_socket_open_and_nothing_else(watched: WatchedRun) -> None:
    others = []
    for sight in watched.sights:
        if sight.is_child:
            assert {sight.descriptors.pop(number) for number in (0, 1, 2)} == {"/dev/null"}
            others.append([re.sub(r"\d+", "N", target) for target in sight.descriptors.values()])
            # One that was caught in an import is reading a file of Python.
            others[-1] = [target for target in others[-1] if "/lib/python" not in target]
    assert ["socket:[N]"] in others
    # One that was caught at its end has hung up already.
    assert [targets for targets in others if targets not in ([], ["socket:[N]"])] == []


def test_no_key_is_in_the_store_or_in_any_file_beside_it(watched: WatchedRun) -> None:
    written = [path for path in watched.folder.rglob("*") if path.is_file() and path.name not in (".env", "mine.py")]
    assert any(path.name == "run.db" for path in written)
    assert [path.name for path in written if watched.key.is_in(path.read_bytes())] == []
    assert watched.control.is_in(b"".join(path.read_bytes() for path in written if path.name.startswith("run.db")))


def run_id(watched: WatchedRun) -> str:
    found = re.search(rb'"run_id": "([^"]+)"', watched.output)
    assert found is not None, watched.output[:500]
    return found[1].decode()


def test_no_key_is_in_what_is_shown_of_a_run(watched: WatchedRun) -> None:
    run = run_id(watched)
    printed = {
        (name, *options): watched.call(name, *options, "--store", "run.db")
        for name, *options in (
            ["show", run],
            ["show", run, "--json"],
            ["audit", run],
            ["audit", run, "--json"],
            ["runs"],
            ["runs", "--json"],
        )
    }
    assert [call for call, text in printed.items() if watched.key.is_in(text)] == []
    assert all(printed.values())
    assert not watched.key.is_in(watched.call("doctor"))


def test_no_key_is_in_an_export_or_a_prompt(watched: WatchedRun, tmp_path: Path) -> None:
    run = run_id(watched)
    watched.call("export", run, "--store", "run.db", "--output", tmp_path / "run.json")
    watched.call("export", run, "--store", "run.db", "--output", tmp_path / "folder")
    watched.call("plot", run, "--store", "run.db", "--output", tmp_path / "run.svg")
    written = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert Path("run.json") in written
    assert len(written) > 3
    assert [path for path, data in written.items() if watched.key.is_in(data)] == []
    document = written[Path("run.json")]
    assert watched.control.is_in(document)
    # The improver is in a prompt itself; a key in a prompt would be found as well.
    prompts = [call["message"] for call in json.loads(document)["model_calls"]]
    assert any(watched.control.is_in(prompt.encode()) for prompt in prompts)


# ---------------------------------------------------------------- a model over the network


PROGRAM = "def priority(p, d, w, now, mean):\n    return w / max(p, d - now)\n"


class Echo:
    """A server of a model that sends back what it was sent, the key too, in every way that it has."""

    def __init__(self) -> None:
        self.n_posted = 0

    def __call__(self, asked: Asked) -> Answer:
        sent = "; ".join(f"{name}: {value}" for name, value in asked.headers.items())
        if asked.method == "GET":
            entry = {"id": "echo", "owned_by": "selftaught", "notice": f"you sent {sent}", "version": sent}
            return Answer(body={"data": [entry]})
        self.n_posted += 1
        if self.n_posted == 1:
            return Answer(status=503, body={"error": {"message": sent}}, headers={"retry-after": "0"})
        if "temperature" in asked.body:
            return Answer(status=400, body={"error": {"message": f"no temperature, {sent}", "param": "temperature"}})
        if self.n_posted % 3 == 0:
            return Answer(status=400, body=f"you sent\n{sent}".encode(), headers={"x-echo": sent})
        text = f"You sent {sent}.\n\n```python\n# {sent}\n{PROGRAM}```\n"
        thoughts = {"reasoning_content": sent}
        choices = [{"message": {"content": text, **thoughts}, "finish_reason": "stop"}] * asked.body.get("n", 1)
        return Answer(body={"choices": choices, "usage": {"prompt_tokens": sent}})


@dataclasses.dataclass(kw_only=True)
class ServedRun:
    """A run with a model over the network, and all that the server was sent."""

    folder: Path
    environment: dict[str, str]
    key: Mark
    code: int
    output: bytes
    received: list[Asked]

    def call(self, *arguments: object) -> bytes:
        """What another command prints."""
        finished = subprocess.run(
            [str(SELFTAUGHT), *map(str, arguments)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            check=False,
        )
        return finished.stdout + finished.stderr


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedRun]:
    """A run whose model echoes its key; the client's own log is turned on."""
    home = tmp_path_factory.mktemp("served")
    key = Mark(f"sk-{secrets.token_hex(12)}")
    environment = planted_environment(home, key) | {"OPENAI_LOG": "debug"}
    with serving(Echo()) as server:
        environment["OPENAI_BASE_URL"] = f"{server.url}/v1"
        finished = subprocess.run(
            [str(SELFTAUGHT), "run", "dispatch", "--model", "openai:echo", *SETTINGS],
            cwd=home / "work",
            env=environment,
            capture_output=True,
            check=False,
        )
        yield ServedRun(
            folder=home / "work",
            environment=environment,
            key=key,
            code=finished.returncode,
            output=finished.stdout + finished.stderr,
            received=server.asked,
        )


def test_the_server_of_a_model_gets_the_key_and_a_run_says_none(served: ServedRun) -> None:
    assert served.code == 0, served.output.decode()
    keys = {served.environment[name] for name in VARIABLES if name == "OPENAI_API_KEY"}
    assert {asked.headers["authorization"] for asked in served.received} == {f"Bearer {key}" for key in keys}
    assert not served.key.is_in(json.dumps([(asked.body, asked.path) for asked in served.received]).encode())
    assert not served.key.is_in(served.output)
    assert b"HTTP Request" in served.output, "the client's log is on"


def test_a_key_that_a_server_sends_back_is_in_no_file(served: ServedRun) -> None:
    written = {path: path.read_bytes() for path in served.folder.rglob("*") if path.is_file() and path.name != ".env"}
    assert any(path.name == "run.db" for path in written)
    assert [path.name for path, data in written.items() if served.key.is_in(data)] == []
    assert b"Bearer [key]" in b"".join(written.values()), "what the server sent back is kept, without the key"


def test_a_key_that_a_server_sends_back_is_in_nothing_that_is_shown_or_exported(
    served: ServedRun, tmp_path: Path
) -> None:
    found = re.search(rb'"run_id": "([^"]+)"', served.output)
    assert found is not None, served.output[-2000:]
    run = found[1].decode()
    served.call("export", run, "--store", "run.db", "--output", tmp_path / "run.json")
    served.call("export", run, "--store", "run.db", "--output", tmp_path / "folder")
    exported = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert len(exported) > 3
    assert [path for path, data in exported.items() if served.key.is_in(data)] == []
    assert b"Bearer [key]" in exported[tmp_path / "run.json"]
    for command in (["show", run], ["show", run, "--json"], ["runs"]):
        printed = served.call(*command, "--store", "run.db")
        assert printed
        assert not served.key.is_in(printed)
    models = served.call("models", "--json")
    assert b"openai:NAME" in models
    assert not served.key.is_in(models)


@pytest.mark.parametrize("status", [200, 307, 401, 404, 429, 500])
def test_a_call_that_fails_with_a_key_sent_back_says_none(served: ServedRun, status: int) -> None:
    def echo(asked: Asked) -> Answer:
        sent = asked.headers["authorization"]
        headers = {"location": f"http://{sent.split()[-1]}.invalid/", "www-authenticate": sent}
        return Answer(status=status, body={"error": {"message": sent, "code": sent}}, headers=headers)

    with serving(echo) as server:
        ended = subprocess.run(
            [
                *(str(SELFTAUGHT), "improve", "dispatch", "--model", "openai:echo"),
                *("--outage-seconds", "0.5", "--call-seconds", "5", "--workers", "1", "--budget-calls", "1"),
            ],
            cwd=served.folder,
            env=served.environment | {"OPENAI_BASE_URL": f"{server.url}/v1"},
            capture_output=True,
            check=False,
        )
    assert ended.returncode in (1, 2)
    assert not served.key.is_in(ended.stdout + ended.stderr)
    assert b"[key]" in ended.stderr
    assert b"Traceback" not in ended.stderr
    assert not any(served.key.is_in(path.read_bytes()) for path in served.folder.glob("selftaught.db*"))


@pytest.mark.parametrize("number", range(len(forms_of("sk-0123456789"))))
def test_a_key_is_found_in_whatever_form_it_is_written(number: int) -> None:
    mark = Mark(f"sk-{secrets.token_hex(12)}")
    text = mark.planted()
    written = [
        text.encode(), text[::-1].encode(), text.encode().hex().encode(), text.encode("utf-16-le"),
        text.encode("utf-16-be"), text.encode("utf-32-le"), base64.b64encode(text.encode()),
        base64.b64encode(b"a" + text.encode()), base64.b64encode(b"ab" + text.encode()),
    ]  # fmt: skip
    assert mark.is_in(b"before " + written[number] + b" after")
    assert not mark.is_in(Mark(f"sk-{secrets.token_hex(12)}").planted().encode())


CARELESS = {
    "in its environment": "import sys, time; print(flush=True); time.sleep(60)",
    "in an object of the process that forks it": (
        "import os, sys, time\n"
        "key = sys.stdin.readline().strip()[::-1]\n"
        "if os.fork():\n    os.wait()\nelse:\n    print(flush=True); time.sleep(60)"
    ),
}


@needs_root
@pytest.mark.parametrize("program", CARELESS.values(), ids=CARELESS)
def test_a_key_is_found_in_the_memory_of_a_worker_that_is_started_carelessly(program: str) -> None:
    mark = Mark(f"sk-{secrets.token_hex(12)}")
    text = mark.planted()
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        env={"OPENAI_API_KEY": text} if "stdin" not in program else {},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        process.stdin.write(f"{text}\n".encode())
        process.stdin.flush()
        process.stdout.readline()
        worker = next(descendants_of(process.pid), process.pid)
        assert any(mark.is_in(block) for block in memory_of(worker))
        os.kill(worker, signal.SIGKILL)
    finally:
        process.kill()
        process.communicate()


# It reads all memory near anything it knows, for a text of the form of a key; it does not contain such a text.
SCANNER = r"""
import ctypes, gc, os, re

KEY = re.compile(rb"sk-[0-9a-f]{48}")
OWN = "sk-" + "0" * 48


def texts():
    libc, (out, into), block = ctypes.CDLL(None), os.pipe(), 65536
    libc.write.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t]
    places = {id(thing) for thing in gc.get_objects()} | {id(OWN), ctypes.addressof(ctypes.c_char(0))}
    places |= {ctypes.cast(ctypes.c_void_p.in_dll(libc, "environ"), ctypes.c_void_p).value or 0}
    regions = {(place >> 20) + step << 20 for place in places for step in (-2, -1, 0, 1, 2)}
    for start in sorted(region for region in regions if region > 0):
        for address in range(start, start + 2**20, block):
            got = libc.write(into, address, block)  # reports what is not mapped instead of crashing
            yield os.read(out, block) if got > 0 else b""


def double(numbers):
    found = {key for text in texts() for key in KEY.findall(text)}
    print(OWN.encode() in found, len(found), [name for name in os.environ])
    return numbers
"""


def test_a_program_that_reads_its_own_memory_finds_no_key(
    run: Callable[..., Any], doubling: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = [Mark(f"sk-{secrets.token_hex(12)}").planted() for _ in range(len(VARIABLES))]
    for name, text in zip(VARIABLES, held, strict=True):
        monkeypatch.setenv(name, text)
    task = dataclasses.replace(doubling, n_validation=1, cpu_seconds=10.0)

    async def scenario() -> Any:
        config = SandboxConfig(workers=1, self_test=False)
        async with await Sandbox.start(config) as sandbox, open_utility(task, sandbox) as utility:
            return await utility.evaluate(SCANNER, Draw(split="validation", key="secrets", rng_seed=0))

    evaluation = run(scenario())
    assert (evaluation.outcome, evaluation.message) == (Outcome.OK, "")
    assert evaluation.printed == "True 1 []\n"
