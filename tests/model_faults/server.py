"""A server of chat completions on this machine that fails as it is told.

It runs on a loop of its own, in a thread, so whoever asks may be this process or another. Connections are kept alive,
as those of real servers are; going down closes the socket that listens, and all others.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is sent back.

    Attributes:
        status: The HTTP status.
        body: The body; anything but bytes is sent as JSON.
        headers: More headers.
        sends: So many bytes of the body are sent, then the connection is cut; None is all.
        wait_seconds: How long to wait before anything is sent.
        drip_seconds: How long to wait after each byte of the body.
        hangs_up: Whether the connection is closed before anything is sent.
        resets: Whether it is reset then.
        goes_down_seconds: For how long the server goes away afterwards; None is not.
    """

    status: int = 200
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)
    sends: int | None = None
    wait_seconds: float = 0.0
    drip_seconds: float = 0.0
    hangs_up: bool = False
    resets: bool = False
    goes_down_seconds: float | None = None

    @property
    def data(self) -> bytes:
        """The body as bytes."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request for a completion as it arrived.

    Attributes:
        number: How many came before.
        key: What it was authorised with; empty if with nothing.
        body: What was asked.
        at: When, on the server's clock, in seconds.
    """

    number: int
    key: str
    body: dict[str, Any]
    at: float

    @property
    def n(self) -> int:
        """How many choices are wanted."""
        return int(self.body.get("n", 1))


Script = Callable[[Asked], Answer]


class FaultServer:
    """The server.

    Attributes:
        script: What it does.
        asked: All requests for a completion.
        n_held: So many requests are to wait before any of them is answered.
        most_in_flight: The most requests that ever waited.
    """

    def __init__(self, script: Script, *, n_held: int = 1) -> None:
        self.script = script
        self.asked: list[Asked] = []
        self.n_held = n_held
        self.most_in_flight = 0
        self._held: list[asyncio.Future[None]] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.StreamWriter] = set()
        self._returning: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The address that a client is given."""
        return f"http://127.0.0.1:{self.port}/v1"

    async def come_up(self) -> None:
        """Nothing; it listens, from the second time on where it did before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=2048)
        self.port = self._server.sockets[0].getsockname()[1]

    async def go_down(self, seconds: float | None = None) -> None:
        """Nothing; the socket that listens is closed, and all connections are cut. After a while it comes up again."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in list(self._connections):
            connection.transport.abort()
        if seconds is not None:
            task = asyncio.create_task(self._return(seconds))
            self._returning.add(task)
            task.add_done_callback(self._returning.discard)

    async def close(self) -> None:
        """Nothing; it goes down for good."""
        for task in list(self._returning):
            task.cancel()
        await self.go_down()

    async def _return(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.come_up()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        try:
            while await self._exchange(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client has gone, or we have
        finally:
            self._connections.discard(writer)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection is kept alive after one request and the answer to it."""
        request, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        data = await reader.readexactly(int(headers.get("content-length", 0)))
        if not request.startswith("POST"):
            await self._send(writer, listing("m"))
            return True
        asked = Asked(
            number=len(self.asked),
            key=headers.get("authorization", "").removeprefix("Bearer "),
            body=json.loads(data),
            at=asyncio.get_running_loop().time(),
        )
        self.asked.append(asked)
        await self._hold()
        answer = self.script(asked)
        is_whole = await self._send(writer, answer)
        if answer.goes_down_seconds is not None:
            await self.go_down(answer.goes_down_seconds)
        return is_whole

    async def _hold(self) -> None:
        mine = asyncio.get_running_loop().create_future()
        self._held.append(mine)
        self.most_in_flight = max(self.most_in_flight, len(self._held))
        if len(self._held) >= self.n_held:
            for held in self._held:
                held.set_result(None)
            self._held = []
        await mine

    async def _send(self, writer: asyncio.StreamWriter, answer: Answer) -> bool:
        if answer.wait_seconds:
            await asyncio.sleep(answer.wait_seconds)
        if answer.resets:
            option = struct.pack("ii", 1, 0)  # close without a lingering, which is a reset
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, option)
        if answer.hangs_up or answer.resets:
            return False
        data = answer.data
        headers = {"content-type": "application/json", "content-length": str(len(data)), **answer.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {answer.status} As Told\r\n{head}\r\n".encode())
        if answer.drip_seconds:
            for byte in data:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(answer.drip_seconds)
        writer.write(data[: answer.sends] if not answer.drip_seconds else b"")
        await writer.drain()
        return answer.sends is None


class ServerThread:
    """A server on a loop of its own."""

    def __init__(self, script: Script) -> None:
        self.server = FaultServer(script)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Nothing; a coroutine of the server has been run, on its loop."""
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def start(self) -> None:
        """Nothing; it listens."""
        self._thread.start()
        self.run(self.server.come_up())

    def stop(self) -> None:
        """Nothing; it has gone."""
        self.run(self.server.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()


@contextlib.contextmanager
def serving(script: Script) -> Iterator[ServerThread]:
    """A server that is there while the block runs."""
    thread = ServerThread(script)
    thread.start()
    try:
        yield thread
    finally:
        thread.stop()


# ---------------------------------------------------------------- what it says

USAGE = {"prompt_tokens": 30, "completion_tokens": 20, "total_tokens": 50}


def choice(content: Any = "an answer", finish: str = "stop", **message: Any) -> dict[str, Any]:
    """A choice of an answer."""
    return {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content, **message}}


def chat(*choices: Any, usage: Any = USAGE) -> Answer:
    """An answer over the chat-completions protocol."""
    body = {"id": "c", "object": "chat.completion", "created": 0, "model": "m", "choices": list(choices)}
    return Answer(body=body if usage is None else {**body, "usage": usage})


def complete(asked: Asked) -> Answer:
    """As many choices as are wanted, and a true count."""
    return chat(
        *(choice(f"answer {asked.number}.{place}") for place in range(asked.n)),
        usage={"prompt_tokens": 30, "completion_tokens": 20 * asked.n},
    )


def refusing(status: int, message: str = "no", headers: dict[str, str] | None = None, **more: Any) -> Answer:
    """An error in OpenAI's shape."""
    return Answer(status=status, body={"error": {"message": message, **more}}, headers=headers or {})


def listing(*names: str) -> Answer:
    """A list of models."""
    return Answer(body={"object": "list", "data": [{"id": name, "object": "model"} for name in names]})


def in_turn(*answers: Answer) -> Script:
    """Each answer in turn, then whole ones."""
    return lambda asked: answers[asked.number] if asked.number < len(answers) else complete(asked)


def always(answer: Answer) -> Script:
    """The same answer to everything."""
    return lambda asked: answer
