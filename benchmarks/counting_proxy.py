"""A proxy before a model server that counts who was answered what: the judge of whether anything is asked twice.

It adds latency, so that answers are in flight when something is killed. It knows an answer by the `seed` of its
request, which `selftaught` makes from the run's rng seed, the improvement, the request, and how often it was made.
"""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx2
import uvicorn

JSON = [(b"content-type", b"application/json")]


@dataclass(kw_only=True)
class Counts:
    """What the proxy saw.

    Attributes:
        n_requests: Requests for answers.
        n_samples: Samples in the answers that were sent whole.
        answered_at: When the answer to each seed was sent, on the monotonic clock.
        asked_again: Seeds that were asked for again after their answer was sent, with the time of that answer.
    """

    n_requests: int = 0
    n_samples: int = 0
    answered_at: dict[int, float] = field(default_factory=dict)
    asked_again: list[tuple[int, float]] = field(default_factory=list)
    n_refused: Counter[str] = field(default_factory=Counter)


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
        if seed is not None:
            self._count_request(seed)
            await asyncio.sleep(self._rng.uniform(*self._latency))
        status, answer = await self._ask(scope, body)
        if await _has_gone(receive):
            return
        await send({"type": "http.response.start", "status": status, "headers": JSON})
        await send({"type": "http.response.body", "body": answer})
        if seed is not None and status == 200:
            self._count_answer(seed, answer)

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
        if seed in self.counts.answered_at:
            self.counts.asked_again.append((seed, self.counts.answered_at[seed]))

    def _count_answer(self, seed: int, answer: bytes) -> None:
        self.counts.answered_at[seed] = time.monotonic()
        self.counts.n_samples += len(json.loads(answer)["choices"])


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
