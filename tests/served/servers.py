"""Servers as clients meet them: on a port, over HTTP."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn

from selftaught.web.listening import address_of, bound_socket

SELFTAUGHT = Path(sys.executable).with_name("selftaught")
JSON = {"content-type": "application/json"}
PROGRAM = "Improve this:\n\n```python\ndef f(x):\n    y = x * 2 + 1\n    return max(y, 3)\n```\n"


@dataclass(frozen=True)
class Answer:
    """An answer over HTTP."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)

    @property
    def texts(self) -> list[str]:
        return [choice["message"]["content"] for choice in self.document["choices"]]

    @property
    def error(self) -> dict[str, Any]:
        """The error, after a check that it has OpenAI's shape."""
        error = self.document["error"]
        assert set(error) == {"message", "type", "param", "code"}
        assert error["message"]
        return error


@dataclass(frozen=True, kw_only=True)
class Served:
    """A server under test; `url` ends in `/v1`."""

    url: str

    def send(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        with contextlib.closing(http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60)) as connection:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())

    def complete(self, message: str = PROGRAM, *, model: str = "gp", headers: Any = JSON, **fields: Any) -> Answer:
        body = {"model": model, "messages": [{"role": "user", "content": message}], **fields}
        return self.send("POST", "/v1/chat/completions", json.dumps(body).encode(), headers)


@dataclass(frozen=True, kw_only=True)
class ServerProcess(Served):
    """`selftaught serve-model` as a process of its own."""

    process: subprocess.Popen[str]
    document: dict[str, Any]


def read_document(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The document that a server prints when it is ready."""
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        if line == "}\n":
            return json.loads(text)
    raise AssertionError(f"the server ended with {process.wait()}")


@contextlib.contextmanager
def server_process(*arguments: str, folder: Path, **environment: str) -> Iterator[ServerProcess]:
    command = [str(SELFTAUGHT), "serve-model", *arguments, "--port", "0", "--json"]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SELFTAUGHT_")}
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, text=True, env={**inherited, **environment}
    ) as process:
        try:
            document = read_document(process)
            yield ServerProcess(url=document["url"], process=process, document=document)
        finally:
            process.terminate()


@contextlib.contextmanager
def served_by_a_thread(app: Any) -> Iterator[Served]:
    bound = bound_socket("127.0.0.1", 0)
    config = uvicorn.Config(app, lifespan="off", log_config=None, log_level="critical", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield Served(url=f"{address_of(bound)}/v1")
    finally:
        server.should_exit = True
        thread.join()
