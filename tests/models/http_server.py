"""A real HTTP server on this machine that answers from a script, faults of every kind included."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DRIP_SECONDS = 0.05


@dataclasses.dataclass(frozen=True, kw_only=True)
class Asked:
    """One request as it arrived; names of headers are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """What is sent back.

    Attributes:
        status: The HTTP status.
        body: The body; anything but bytes is sent as JSON.
        headers: More headers, which win over those that are there.
        sends: So many bytes of the body are sent, then the connection is cut; None is all.
        wait_seconds: How long to wait before anything is sent.
        drips: Whether the body is sent byte by byte, slowly.
        hangs_up: Whether the connection is cut before anything is sent.
    """

    status: int = 200
    body: Any = b""
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    sends: int | None = None
    wait_seconds: float = 0.0
    drips: bool = False
    hangs_up: bool = False

    @property
    def data(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Script = Callable[[Asked], Answer]


class ScriptedServer(ThreadingHTTPServer):
    """The server; `script` may be changed at any time, `asked` has all that arrived."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, script: Script) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = script
        self.asked: list[Asked] = []
        self.stopping = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def posted(self) -> list[Any]:
        """The bodies of what was posted."""
        return [asked.body for asked in self.asked if asked.method == "POST"]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ScriptedServer

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers.get("content-length", 0)))
        asked = Asked(
            method=self.command,
            path=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=json.loads(data) if data else None,
        )
        self.server.asked.append(asked)
        with contextlib.suppress(OSError):  # the client has gone
            self._send(self.server.script(asked))

    do_GET = do_POST

    def _send(self, answer: Answer) -> None:
        self.close_connection = True
        self.server.stopping.wait(answer.wait_seconds)
        if answer.hangs_up:
            return
        data = answer.data
        self.send_response(answer.status)
        headers = {"content-type": "application/json", "content-length": str(len(data)), "connection": "close"}
        for name, value in {**headers, **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if answer.drips:
            for byte in data:
                self.wfile.write(bytes([byte]))
                time.sleep(DRIP_SECONDS)
        else:
            self.wfile.write(data[: answer.sends])

    def log_message(self, *_: object) -> None:
        return


@contextlib.contextmanager
def serving(script: Script) -> Iterator[ScriptedServer]:
    """A server that runs while the block does."""
    server = ScriptedServer(script)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.shutdown()
        thread.join()
        server.server_close()


def in_turn(*answers: Answer) -> Script:
    """Each answer in turn; the last for ever."""
    left = list(answers)
    return lambda asked: left.pop(0) if len(left) > 1 else left[0]


# ---------------------------------------------------------------- the shape of chat completions


def choice(content: Any = "an answer", finish: Any = "stop", **message: Any) -> dict[str, Any]:
    return {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content, **message}}


def chat(*choices: Any, usage: Any = None, **more: Any) -> Answer:
    """An answer over the chat-completions protocol."""
    counted = {"prompt_tokens": 30, "completion_tokens": 20, "total_tokens": 50} if usage is None else usage
    body = {"id": "c", "object": "chat.completion", "model": "m", "choices": list(choices), "usage": counted, **more}
    return Answer(body=body)


def refusing(status: int, message: str = "no", headers: dict[str, str] | None = None, **more: Any) -> Answer:
    """An error in OpenAI's shape."""
    return Answer(status=status, body={"error": {"message": message, **more}}, headers=headers or {})


def listing(*entries: Any) -> Answer:
    """A list of models."""
    data = [entry if isinstance(entry, dict) else {"id": entry, "object": "model"} for entry in entries]
    return Answer(body={"object": "list", "data": data})
