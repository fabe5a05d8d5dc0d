"""A proxy before a model server that counts who was answered what: the judge of whether anything is asked twice.

It adds latency, so that answers are in flight when something is killed, and takes something away from some answers, so
that the rest is asked for again. It knows an answer by the `seed` of its request, which `selftaught` makes from the
run's rng seed, the improvement, the request, and how often it was made.
"""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import httpx2
import uvicorn

JSON = [(b"content-type", b"application/json")]


@dataclass(frozen=True, kw_only=True)
class Answered:
    """When an answer was asked for, and when it was sent, in seconds on the monotonic clock."""

    asked_at: float
    sent_at: float


@dataclass(kw_only=True)
class Counts:
    """What the proxy saw.

    Attributes:
        n_requests: Requests for answers.
        n_samples: Samples in the answers that were sent whole.
        answered: The answers that were sent, by the seed that asked for them; the last one of each.
        asked_again: Those that had been sent when they were asked for again.
    """

    n_requests: int = 0
    n_samples: int = 0
    answered: dict[int, Answered] = field(default_factory=dict)
    asked_again: list[Answered] = field(default_factory=list)


class CountingProxy:
    """A proxy in a thread of its own; `url` is what follows `--model`, before `#name`."""

    def __init__(self, upstream: str, *, latency_seconds: tuple[float, float], rng: random.Random) -> None:
        self.counts = Counts()
        self._upstream = upstream
        self._latency = latency_seconds
        self._rng = rng
        config = uvicorn.Config(
            self._app, host="127.0.0.1", port=0, log_level="critical", lifespan="off", interface="asgi3"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> CountingProxy:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/v1"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()

    async def _app(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        body = await _body_of(receive)
        seed = json.loads(body).get("seed") if body else None
        asked_at = time.monotonic()
        if seed is not None:
            self._count_request(seed)
            await asyncio.sleep(self._rng.uniform(*self._latency))
        status, answer = await self._ask(scope, body)
        n_samples = 0
        if seed is not None and status == 200:
            answer, n_samples = _in_part(json.loads(answer), seed)
        if await _has_gone(receive):
            return
        await send({"type": "http.response.start", "status": status, "headers": JSON})
        await send({"type": "http.response.body", "body": answer})
        if n_samples:
            self.counts.answered[seed] = Answered(asked_at=asked_at, sent_at=time.monotonic())
            self.counts.n_samples += n_samples

    async def _ask(self, scope: dict[str, Any], body: bytes) -> tuple[int, bytes]:
        url = self._upstream + scope["path"].removeprefix("/v1")
        try:
            async with httpx2.AsyncClient(timeout=60.0) as client:
                headers = {"content-type": "application/json"}
                came = await client.request(scope["method"], url, content=body, headers=headers)
                return came.status_code, came.content
        except httpx2.TransportError:
            return 503, b'{"error": {"message": "the model server is down"}}'

    def _count_request(self, seed: int) -> None:
        self.counts.n_requests += 1
        if seed in self.counts.answered:
            self.counts.asked_again.append(self.counts.answered[seed])


def _in_part(document: Any, seed: int) -> tuple[bytes, int]:
    """An answer as some servers give it, and its samples: of four, one is a choice short, and one has an empty one."""
    choices = document["choices"]
    if seed % 4 == 1:
        choices[-1]["message"]["content"] = ""
    if seed % 4 == 0 and len(choices) > 1:
        del choices[-1]
    return json.dumps(document).encode(), len(choices)


async def _body_of(receive: Any) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def _has_gone(receive: Any) -> bool:
    """Whether who asked has hung up."""
    waiting = asyncio.ensure_future(receive())
    done, _ = await asyncio.wait({waiting}, timeout=0.001)
    waiting.cancel()
    return bool(done) and waiting.result()["type"] == "http.disconnect"
