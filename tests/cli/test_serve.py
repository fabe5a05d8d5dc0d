"""`serve-model`: what it says, what it refuses, and how it ends."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from served.servers import JSON, SELFTAUGHT, server_process

ENDS_WITHIN_SECONDS = 30


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("gq",), "there is no model 'gq'; did you mean gp"),
        ((), "serve-model needs MODEL"),
        (("gp", "--port", "70000"), "--port should be between 0 and 65535, not 70000"),
        (("gp", "--port", "many"), "--port"),
        (("gp", "--host", "192.0.2.1"), "cannot be had"),
        (("gp", "--host", "no such host"), "is no address of this machine"),
        (("gp", "--most-requests", "0"), "--most-requests should be 1 or more"),
        (("gp", "--api-key-variable", "NO_SUCH_VARIABLE"), "NO_SUCH_VARIABLE is empty; put a key into it"),
        (("gp", "--rng-seed", "-1"), "--rng-seed"),
        (("gp", "--isolation", "full", "--unsafe-no-isolation"), "exclude each other"),
    ],
)
def test_a_wrong_call_is_one_sentence_and_exit_code_2(selftaught, arguments, says):
    called = selftaught("serve-model", *arguments)
    assert (called.code, called.stdout, called.stderr.count("\n")) == (2, "", 1)
    assert says in called.stderr


def test_a_port_that_is_taken_is_said_so(selftaught):
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        called = selftaught("serve-model", "gp", "--port", port)
    assert called.code == 2
    assert f"port {port} of 127.0.0.1 cannot be had" in called.stderr
    assert "name another with --port" in called.stderr


def test_a_person_is_told_where_it_is_how_it_ends_and_that_gp_is_no_language_model(tmp_path):
    command = [str(SELFTAUGHT), "serve-model", "gp", "--port", "0", "--workers", "1", "--rng-seed", "4"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        said = [process.stdout.readline() for _ in range(2)]
        process.send_signal(signal.SIGINT)
        assert process.wait(ENDS_WITHIN_SECONDS) == 0
        assert (process.stdout.read(), process.stderr.read()) == ("", "")
    assert said[0].startswith("gp at http://127.0.0.1:")
    assert said[0].endswith("/v1 (rng-seed 4); Ctrl-C ends it.\n")
    assert "gp is not a language model" in said[1]
    assert list(tmp_path.iterdir()) == []


def descendants(process_id: int) -> set[int]:
    found: set[int] = set()
    waiting = [process_id]
    while waiting:
        parent = waiting.pop()
        with contextlib.suppress(OSError):
            for thread in Path(f"/proc/{parent}/task").iterdir():
                children = set(map(int, (thread / "children").read_text().split()))
                waiting += children - found
                found |= children
    return found


def is_there(process_id: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_all_that_it_started_also_amid_an_answer(tmp_path, number):
    with server_process("mailbox:box", folder=tmp_path) as server:
        asking = threading.Thread(target=suppressed(server.complete), kwargs={"model": "mailbox:box"})
        asking.start()
        deadline = time.monotonic() + ENDS_WITHIN_SECONDS
        while not list((tmp_path / "box").glob("*/request.md")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        started = descendants(server.process.pid)
        assert started
        server.process.send_signal(number)
        assert server.process.wait(ENDS_WITHIN_SECONDS) == 0
        asking.join()
        while any(map(is_there, started)):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def suppressed(call):
    def quiet(**fields):
        with contextlib.suppress(OSError, Exception):
            call(**fields)

    return quiet


def test_a_server_that_is_killed_leaves_nobody_behind(tmp_path):
    with server_process("gp", "--workers", "2", folder=tmp_path) as server:
        assert server.complete(seed=1).status == 200
        started = descendants(server.process.pid)
        assert started
        server.process.kill()
        deadline = time.monotonic() + ENDS_WITHIN_SECONDS
        while any(map(is_there, started)):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_answers_by_files_are_served_too(tmp_path):
    with server_process("mailbox:box", "--rng-seed", "1", folder=tmp_path) as server:
        answers = []
        asking = threading.Thread(target=lambda: answers.append(server.complete("Say hello.", model="mailbox:box")))
        asking.start()
        deadline = time.monotonic() + ENDS_WITHIN_SECONDS
        while not (letters := list((tmp_path / "box").glob("*/request.md"))):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        (letters[0].parent / "answer-1.md").write_text("Hello.", encoding="utf-8")
        asking.join()
    assert answers[0].texts == ["Hello."]


def test_a_key_from_a_variable_is_wanted_and_shown_nowhere(tmp_path):
    command = [str(SELFTAUGHT), "serve-model", "gp", "--port", "0", "--api-key-variable", "OUR_KEY"]
    with server_process("gp", "--api-key-variable", "OUR_KEY", folder=tmp_path, OUR_KEY="planted-key") as server:
        assert server.complete(seed=1).status == 401
        shown = server.complete(seed=1, headers={**JSON, "authorization": "Bearer planted-key"})
        assert shown.status == 200
        assert "planted-key" not in str(server.document)
        cmdline = Path(f"/proc/{server.process.pid}/cmdline").read_bytes()
    assert b"planted-key" not in cmdline
    assert command[1] == "serve-model"


def test_another_address_is_listened_at_only_when_asked_and_with_a_warning(tmp_path):
    command = [str(SELFTAUGHT), "serve-model", "gp", "--port", "0", "--host", "0.0.0.0", "--workers", "1"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert "gp at http://0.0.0.0:" in process.stdout.readline()
        process.terminate()
        said = process.stderr.read()
    assert "anybody who can reach this address can use the model" in said
    assert "--api-key-variable" in said
