"""A model behind HTTP: a raw client, OpenAI's own client, and every way of not getting an answer."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import openai
import pytest

from selftaught.errors import (
    LanguageModelError,
    LanguageModelUnavailable,
    RunBudgetExceeded,
    SandboxError,
    SelfTaughtError,
)
from selftaught.models import Finish, LanguageModel, ModelContext, Reply, Request, Sample, find_model
from served.servers import JSON, PROGRAM


def model_that(made: Reply | Exception, scripted_model) -> LanguageModel:
    """A language model that always replies, or fails, in the same way."""

    class Model(scripted_model):
        async def answer(self, request: Request) -> Reply:
            self.asked.append(request)
            if isinstance(made, Exception):
                raise made
            return made

    return Model()


class Slow(LanguageModel):
    """A language model that answers when it is let go, and says when it was asked and given up."""

    def __init__(self, info) -> None:
        self.info = info
        self.go_on, self.given_up = threading.Event(), threading.Event()
        self.n_asked = 0

    async def answer(self, request: Request) -> Reply:
        self.n_asked += 1
        try:
            while not self.go_on.is_set():
                await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            self.given_up.set()
            raise
        return Reply.of(["at last"] * request.n_responses)


@pytest.fixture
def slow(scripted_model) -> Slow:
    model = Slow(scripted_model.info)
    yield model
    model.go_on.set()


def wait_for(condition) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


# ---------------------------------------------------------------- gp, as it is


def test_the_models_are_listed_with_what_a_person_should_know(gp_server):
    answer = gp_server.send("GET", "/v1/models")
    [listed] = answer.document["data"]
    assert listed.pop("created") > 0
    assert listed == {
        "id": "gp", "object": "model", "owned_by": "selftaught", "is_language_model": False, "version": "1",
        "notice": "gp is not a language model: it edits programs at random, by general rules.",
    }  # fmt: skip
    assert gp_server.send("GET", "/v1/models/gp").document["id"] == "gp"
    assert gp_server.send("GET", "/health").document == {"status": "ok"}


@pytest.mark.parametrize("temperature", [0.0, 0.7, 2.5])
def test_the_seed_of_a_request_gives_what_gp_answers_in_this_process(run, sandbox, gp_server, temperature):
    request = Request(
        expertise="You write Python.", messages=("Say hello.", PROGRAM), n_responses=5, temperature=temperature,
        scope="round-1", ordinal=2,
    )  # fmt: skip
    here = run(find_model("gp")(ModelContext(sandbox=sandbox, rng_seed=11)).answer(request)).texts
    there = []
    for index, message in enumerate(request.messages):
        seed = request.rng_seed("gp", 11, index)
        there += gp_server.complete(message, n=5, temperature=temperature, seed=seed).texts
    assert there == here
    assert len(set(here[5:])) == 5


def test_without_a_seed_each_request_draws_anew_and_a_new_server_with_the_same_rng_seed_the_same(start_server):
    def texts() -> list[list[str]]:
        server = start_server("gp", "--rng-seed", "3", "--workers", "1")
        return [server.complete(n=2).texts for _ in range(3)]

    first = texts()
    assert first[0] != first[1] != first[2]
    assert texts() == first


def test_the_rng_seed_is_new_where_none_is_given(start_server):
    seeds = {start_server("gp-expressions", "--workers", "1").document["rng_seed"] for _ in range(2)}
    assert len(seeds) == 2


def test_openais_client_gets_its_answers(gp_server):
    client = openai.OpenAI(base_url=gp_server.url, api_key="none", max_retries=0)
    assert [model.id for model in client.models.list()] == ["gp"]
    messages = [{"role": "system", "content": "You write Python."}, {"role": "user", "content": PROGRAM}]
    made = client.chat.completions.create(model="gp", messages=messages, n=3, seed=5, temperature=0.7)
    texts = [choice.message.content for choice in made.choices]
    assert len(texts) == 3
    assert all("```python" in text for text in texts)
    assert made.usage.total_tokens == made.usage.prompt_tokens + made.usage.completion_tokens > 0
    assert {choice.finish_reason for choice in made.choices} == {"stop"}
    streamed = ["", "", ""]
    stream = client.chat.completions.create(
        model="gp", messages=messages, n=3, seed=5, temperature=0.7, stream=True, stream_options={"include_usage": True}
    )
    for chunk in stream:
        for choice in chunk.choices:
            streamed[choice.index] += choice.delta.content or ""
        used = chunk.usage
    assert streamed == texts
    assert used == made.usage


def test_openais_client_reads_the_errors(gp_server):
    client = openai.OpenAI(base_url=gp_server.url, api_key="none")
    messages = [{"role": "user", "content": PROGRAM}]
    with pytest.raises(openai.NotFoundError, match="there is no model 'gpt-5' here; there is 'gp'"):
        client.chat.completions.create(model="gpt-5", messages=messages)
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="gp", messages=messages, n=1000)
    assert (caught.value.param, caught.value.type) == ("n", "invalid_request_error")


def test_many_at_once_get_the_answers_that_they_would_get_alone(gp_server):
    with ThreadPoolExecutor(16) as threads:
        at_once = list(threads.map(lambda seed: gp_server.complete(seed=seed, n=2).texts, range(48)))
    assert at_once[::12] == [gp_server.complete(seed=seed, n=2).texts for seed in range(0, 48, 12)]


def test_any_message_is_answered(gp_server):
    for message in ("", "\x00\x1b[31m", "`" * 10_000, "x" * 300_000):
        assert len(gp_server.complete(message, n=2, seed=1).texts) == 2


# ---------------------------------------------------------------- other models


def test_another_model_is_asked_what_was_asked_and_a_seed_is_a_scope(serve, scripted_model):
    model = scripted_model(lambda message, sample: f"{message} {sample}")
    server = serve(model)
    fields = {"model": "scripted", "n": 2, "temperature": 0.5}
    messages = [{"role": "system", "content": "You sing."}, {"role": "user", "content": "la"}]
    assert server.complete(messages=messages, **fields).texts == ["la 0", "la 1"]
    for seed in (None, 5, 5):
        server.complete("la", seed=seed, **fields)
    first, second, *seeded = model.asked
    assert (first.expertise, first.messages, first.n_responses, first.temperature) == ("You sing.", ("la",), 2, 0.5)
    assert (first.scope, first.ordinal, second.scope, second.ordinal) == ("serve-model", 0, "serve-model", 1)
    assert seeded[0] == seeded[1]
    assert seeded[0].scope == "serve-model/seed-5"


def test_a_refused_sample_and_one_that_was_cut_off_are_told(serve, scripted_model):
    samples = (Sample(text="", finish=Finish.REFUSED), Sample(text="abc", finish=Finish.CUT_OFF))
    server = serve(model_that(Reply(samples=samples), scripted_model))
    refused, cut = server.complete(model="scripted", n=2).document["choices"]
    assert (refused["message"]["content"], bool(refused["message"]["refusal"])) == (None, True)
    assert cut["finish_reason"] == "length"


@pytest.mark.parametrize(
    ("error", "status", "kind", "again"),
    [
        (LanguageModelError("no", retryable=False), 422, "invalid_request_error", False),
        (LanguageModelError("later", retryable=True), 503, "server_error", True),
        (LanguageModelUnavailable("gone"), 503, "server_error", True),
        (RunBudgetExceeded("spent", budget="money", used=1, limit=1), 429, "insufficient_quota", False),
        (SandboxError("no isolation"), 500, "server_error", False),
        (SelfTaughtError("something"), 500, "server_error", False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_a_model_that_does_not_answer_is_an_error_that_says_whether_to_ask_again(
    serve, scripted_model, error, status, kind, again
):
    answer = serve(model_that(error, scripted_model)).complete(model="scripted")
    assert (answer.status, answer.error["type"], answer.error["message"]) == (status, kind, str(error))
    assert ("retry-after" in answer.headers) is again
    assert (answer.headers.get("x-should-retry") == "false") is not again


def test_what_went_wrong_on_our_side_is_not_told_to_the_client(serve, scripted_model):
    answer = serve(model_that(ZeroDivisionError("a secret"), scripted_model)).complete(model="scripted")
    assert answer.status == 500
    assert answer.error["type"] == "server_error"
    assert b"secret" not in answer.body


# ---------------------------------------------------------------- who is let in


def test_a_key_is_wanted_where_there_is_one(serve, scripted_model):
    server = serve(scripted_model(), key="correct horse")
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": "Bearer "}, {"authorization": "Basic eA"}):
        answer = server.complete(model="scripted", headers={**JSON, **headers})
        assert (answer.status, answer.error["code"]) == (401, "invalid_api_key")
    assert server.send("GET", "/v1/models").status == 401
    assert server.complete(model="scripted", headers={**JSON, "authorization": "Bearer correct horse"}).status == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost:8000", 200), ("LOCALHOST", 200), ("127.0.0.1", 200), ("[::1]:80", 200), ("attacker.example", 403),
     ("attacker.example:80", 403), ("localhost.attacker.example", 403), ("", 403)],
)  # fmt: skip
def test_only_requests_that_call_it_by_its_name_are_answered(serve, scripted_model, host, status):
    assert serve(scripted_model()).complete(model="scripted", headers={**JSON, "host": host}).status == status


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
def test_what_a_page_in_a_browser_can_send_without_asking_is_not_taken(serve, scripted_model, kind):
    model = scripted_model()
    answer = serve(model).complete(model="scripted", headers={"content-type": kind} if kind else {})
    assert (answer.status, model.asked) == (415, [])
    assert answer.error["message"]


def test_a_browser_is_told_nothing_about_other_origins(serve, scripted_model):
    server = serve(scripted_model())
    asked = {"origin": "http://attacker.example", "access-control-request-method": "POST"}
    answer = server.send("OPTIONS", "/v1/chat/completions", None, asked)
    assert answer.status == 405
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 404), ("GET", "/v1", 404), ("GET", "/v1/models/other", 404), ("POST", "/v1/embeddings", 404),
     ("GET", "/v1/chat/completions", 405), ("DELETE", "/v1/models", 405), ("GET", "/docs", 404),
     ("GET", "/openapi.json", 404)],
)  # fmt: skip
def test_what_is_not_served_is_said_so(serve, scripted_model, method, path, status):
    answer = serve(scripted_model()).send(method, path, b"" if method == "POST" else None, JSON)
    assert answer.status == status
    assert answer.error["type"] == "invalid_request_error"


def test_a_body_that_is_too_long_is_refused_before_it_is_read(serve, scripted_model):
    server = serve(scripted_model())
    answer = server.complete("x" * (8 * 1024 * 1024), model="scripted")
    assert (answer.status, answer.error["type"]) == (413, "invalid_request_error")
    with contextlib.closing(socket.create_connection(urlsplit(server.url).netloc.split(":"))) as connection:
        head = (
            "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
            "content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        connection.sendall(head.encode())
        block = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
        with contextlib.suppress(OSError):  # it stops listening at some time
            for _ in range(64):
                connection.sendall(block)
        assert b" 413 " in connection.recv(1000).splitlines()[0]


def test_more_than_are_answered_at_once_are_told_to_come_back(serve, slow):
    server = serve(slow, most_at_once=2)
    with ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(server.complete, model="scripted") for _ in range(2)]
        wait_for(lambda: slow.n_asked == 2)
        answer = server.complete(model="scripted")
        assert (answer.status, answer.error["code"], answer.headers["retry-after"]) == (503, "busy", "1")
        assert server.send("GET", "/health").status == 200
        slow.go_on.set()
        assert [future.result().texts for future in waiting] == [["at last"], ["at last"]]
    assert server.complete(model="scripted").status == 200


def test_a_client_that_goes_away_takes_its_question_along(serve, slow):
    server = serve(slow, most_at_once=1)
    body = json.dumps({"model": "scripted", "messages": [{"role": "user", "content": "a"}]}).encode()
    connection = socket.create_connection(urlsplit(server.url).netloc.split(":"))
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(body)}\r\n"
    connection.sendall(head.encode() + b"content-type: application/json\r\n\r\n" + body)
    wait_for(lambda: slow.n_asked == 1)
    assert not slow.given_up.is_set()
    connection.close()
    assert slow.given_up.wait(30)
    slow.go_on.set()
    wait_for(lambda: server.complete(model="scripted").status == 200)
