"""A model behind HTTP, as OpenAI's clients know it: `POST /v1/chat/completions` and `GET /v1/models`.

Whoever can reach the port can have the model answer, so a server on the loopback interface listens only to requests
that name it, and only to JSON: a page in a browser on the same machine can send neither.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.exceptions import HTTPException

from selftaught import models
from selftaught.errors import LanguageModelError, LanguageModelUnavailable, RunBudgetExceeded, SelfTaughtError
from selftaught.models import LanguageModel, Reply
from selftaught.models.gp import GeneticProposer
from selftaught.source import rng_seed_of
from selftaught.web.chat_completions import Complaint, Question, completion, events, read_question

MAX_BODY_BYTES = 8 * 1024 * 1024
BODY_SECONDS = 30.0
RETRY_AFTER_SECONDS = 1
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Admission:
    """Who is let in.

    Attributes:
        names: The names by which a request may call the server; None for any.
        key: What a request has to show as a bearer token; None if nobody needs one.
        most_at_once: Requests that are answered at the same time; more are told to come back.
    """

    names: frozenset[str] | None
    key: str | None
    most_at_once: int


class ServedModel:
    """A model that answers questions from outside, each drawn from its own `seed`, or from ours and a count."""

    def __init__(self, model: LanguageModel, rng_seed: int) -> None:
        self._model = model
        self._rng_seed = rng_seed
        self._n_unseeded = 0

    @property
    def info(self) -> models.ModelInfo:
        """What a person should know of it."""
        return self._model.info

    async def reply(self, question: Question) -> Reply:
        """What the model makes of a question.

        Raises:
            LanguageModelError: Nothing.
            RunBudgetExceeded: It may not be asked any more.
        """
        ordinal = 0
        if question.rng_seed is None:
            ordinal, self._n_unseeded = self._n_unseeded, self._n_unseeded + 1
        if isinstance(self._model, GeneticProposer):
            drawn_from = question.rng_seed
            texts = await self._model.samples(
                question.message,
                n_responses=question.n_samples,
                temperature=question.temperature,
                rng_seed=rng_seed_of("serve-model", self._rng_seed, ordinal) if drawn_from is None else drawn_from,
            )
            return Reply.of(texts)
        request = models.Request(
            expertise=question.expertise,
            messages=(question.message,),
            n_responses=question.n_samples,
            temperature=question.temperature,
            scope="serve-model" if question.rng_seed is None else f"serve-model/seed-{question.rng_seed}",
            ordinal=ordinal,
        )
        return await self._model.answer(request)


def make_app(served: ServedModel, admission: Admission, clock: Callable[[], float] = time.time) -> FastAPI:
    """The application that serves a model.

    Args:
        served: The model.
        admission: Who is let in.
        clock: Seconds since 1970.
    """

    async def admit(request: Request) -> None:
        _check_admission(request, admission)

    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, dependencies=[Depends(admit)])
    app.add_exception_handler(Complaint, _refused)
    app.add_exception_handler(HTTPException, _no_such_place)
    app.add_exception_handler(SelfTaughtError, _failed)
    app.add_exception_handler(Exception, _failed)
    places = _Places(admission.most_at_once)
    listed = {**_listed(served.info), "created": int(clock())}

    @app.get("/health")
    async def health() -> Response:
        return JSONResponse({"status": "ok"})

    @app.get("/v1/models")
    async def list_models() -> Response:
        return JSONResponse({"object": "list", "data": [listed]})

    @app.get("/v1/models/{name:path}")
    async def show_model(name: str) -> Response:
        _check_model(name, served)
        return JSONResponse(listed)

    @app.post("/v1/chat/completions")
    async def complete(request: Request) -> Response:
        with places.taken():
            question = read_question(await _body_of(request))
            _check_model(question.model, served)
            reply = await _while_connected(request, _answered(served.reply(question)))
        document = completion(question, reply, version=served.info.version, created=int(clock()))
        if question.is_streamed:
            parts = events(document, with_usage=question.with_usage)
            return StreamingResponse(parts, media_type="text/event-stream", headers={"cache-control": "no-cache"})
        return JSONResponse(document)

    return app


def _listed(info: models.ModelInfo) -> dict[str, Any]:
    return {
        "id": info.name,
        "object": "model",
        "owned_by": "selftaught",
        "is_language_model": info.is_language_model,
        "notice": info.notice,
        "version": info.version,
    }


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Complaint)
    return JSONResponse(error.document, status_code=error.status, headers=error.headers)


async def _failed(request: Request, error: Exception) -> Response:
    message = str(error) if isinstance(error, SelfTaughtError) else "the server failed; its standard error says how"
    return await _refused(request, Complaint(500, message, kind="server_error"))


async def _no_such_place(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = (
        f"{request.method} {request.url.path}: {HTTPStatus(error.status_code).phrase.lower()}; "
        "served are POST /v1/chat/completions, GET /v1/models and GET /health"
    )
    return await _refused(request, Complaint(error.status_code, message))


def _check_admission(request: Request, admission: Admission) -> None:
    """Nothing, if a request is let in.

    Raises:
        Complaint: It is not.
    """
    if admission.names is not None and _host_of(request) not in admission.names:
        raise Complaint(403, "this server answers only to requests that call it localhost", kind="permission_error")
    if admission.key is not None:
        shown = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not secrets.compare_digest(shown.encode(), admission.key.encode()):
            raise Complaint(401, "the key is missing or wrong", kind="authentication_error", code="invalid_api_key")
    if request.method == "POST" and not _says_json(request):
        raise Complaint(415, "the body should be JSON, with the header content-type: application/json")


def _host_of(request: Request) -> str:
    host = request.headers.get("host", "")
    name = host[: host.rindex(":")] if ":" in host.rpartition("]")[2] else host
    return name.strip("[]").lower()


def _says_json(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


def _check_model(name: str, served: ServedModel) -> None:
    if name != served.info.name:
        message = f"there is no model {name!r:.200} here; there is {served.info.name!r}"
        raise Complaint(404, message, code="model_not_found", field="model")


async def _body_of(request: Request) -> bytes:
    """The body of a request.

    Raises:
        Complaint: It is too long, or does not come.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > MAX_BODY_BYTES:
                    raise Complaint(413, f"the body is longer than {MAX_BODY_BYTES:,} bytes")
    except TimeoutError:
        raise Complaint(408, f"the body did not come within {BODY_SECONDS:g} seconds") from None
    return bytes(body)


async def _answered(work: Awaitable[Reply]) -> Reply:
    """A reply.

    Raises:
        Complaint: There is none, and why.
    """
    try:
        return await work
    except RunBudgetExceeded as error:
        raise Complaint(429, str(error), kind="insufficient_quota", code="insufficient_quota") from None
    except LanguageModelUnavailable as error:
        raise Complaint(503, str(error), kind="server_error", retry_after_seconds=RETRY_AFTER_SECONDS) from None
    except LanguageModelError as error:
        if error.retryable:
            raise Complaint(503, str(error), kind="server_error", retry_after_seconds=RETRY_AFTER_SECONDS) from None
        raise Complaint(422, str(error), code="not_answered") from None


class _Places:
    """As many places as may be taken at once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._n_taken = 0

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        if self._n_taken >= self._most:
            message = f"{self._most} requests are being answered already; ask again later"
            raise Complaint(503, message, kind="server_error", code="busy", retry_after_seconds=RETRY_AFTER_SECONDS)
        self._n_taken += 1
        try:
            yield
        finally:
            self._n_taken -= 1


async def _while_connected(request: Request, work: Awaitable[Result]) -> Result:
    """The result of work that is given up when the client has gone.

    Raises:
        Complaint: It has gone; nobody will read this.
    """
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise Complaint(499, "the client has gone")
    finally:
        working.cancel()
        leaving.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
