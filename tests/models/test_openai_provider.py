"""Models over the chat-completions protocol, against a real server: what is asked, what is taken, every fault."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from selftaught.errors import ModelWarning
from selftaught.ledger import Spending
from selftaught.models import Finish, ModelInfo, Sample
from selftaught.models import endpoint as endpoint_module
from selftaught.models.openai_provider import OpenAIProvider
from selftaught.models.presets import BY_URL, PRESETS, address_of
from selftaught.models.provider import Completion, Fault, Prompt, ProviderFault
from selftaught.settings import ModelSettings

from .http_server import Answer, Asked, Script, ScriptedServer, chat, choice, in_turn, listing, refusing, serving

KEY = "sk-0f1e2d3c4b5a69788796a5b4c3d2e1f0"
INFO = ModelInfo(name="URL#m", summary="a test", is_language_model=True, version="1")


def prompt_of(message: str = "Improve it.", **more: Any) -> Prompt:
    given = {
        "expertise": "You write Python.", "n_samples": 1, "temperature": 0.7, "max_output_tokens": 8192,
        "rng_seed": 11, "seconds": 20.0, **more,
    }  # fmt: skip
    return Prompt(message=message, **given)


class Rig:
    """A provider of a server that answers from a script; every call is made on a loop of its own."""

    def __init__(self, server: ScriptedServer, preset: str = "", key: str = KEY, **settings: Any) -> None:
        self.server = server
        self.settings = ModelSettings(**settings)
        found = PRESETS[preset] if preset else BY_URL
        environment = {found.key_variables[0]: key, found.url_variable: f"{server.url}/v1"}
        address = address_of(found, "m", environment, url="" if preset else f"{server.url}/v1")
        self.make = lambda: OpenAIProvider(found, address, self.settings, INFO)
        self.provider: OpenAIProvider | None = None

    def complete(self, *prompts: Prompt) -> Any:
        """The completion of a prompt, or of several, one after the other, by the same provider."""

        async def all_of_them() -> list[Completion]:
            self.provider = provider = self.make()
            async with contextlib.AsyncExitStack() as stack:
                stack.push_async_callback(provider.close)
                return [await provider.complete(prompt) for prompt in prompts or [prompt_of()]]

        completions = asyncio.run(all_of_them())
        return completions[0] if len(prompts) <= 1 else completions

    def open(self) -> OpenAIProvider:
        async def opened() -> OpenAIProvider:
            provider = self.make()
            async with contextlib.AsyncExitStack() as stack:
                stack.push_async_callback(provider.close)
                await provider.open()
            return provider

        return asyncio.run(opened())

    def fault(self, *prompts: Prompt) -> ProviderFault:
        with pytest.raises(ProviderFault) as raised:
            self.complete(*prompts)
        return raised.value


@pytest.fixture
def rig() -> Iterator[Callable[..., Rig]]:
    """`rig(script or answer, preset)`: a provider of a server that answers so."""
    with contextlib.ExitStack() as stack:

        def make(script: Script | Answer, preset: str = "", **more: Any) -> Rig:
            script = in_turn(script) if isinstance(script, Answer) else script
            return Rig(stack.enter_context(serving(script)), preset, **more)

        yield make


# ---------------------------------------------------------------- what is asked


def test_a_prompt_becomes_a_chat_with_a_system_message(rig):
    asking = rig(chat(choice("an answer"), choice("another")))
    completion = asking.complete(prompt_of(n_samples=2))
    assert completion.samples == (Sample(text="an answer"), Sample(text="another"))
    assert completion.spending == Spending(tokens_in=30, tokens_out=20)
    [asked] = asking.server.asked
    assert asked.path == "/v1/chat/completions"
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.body == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "You write Python."},
            {"role": "user", "content": "Improve it."},
        ],
        "temperature": 0.7,
        "max_tokens": 8192,
        "n": 2,
    }


def test_one_sample_needs_no_n_and_no_expertise_needs_no_system_message(rig):
    asking = rig(chat(choice()))
    asking.complete(prompt_of(expertise=" "))
    [body] = asking.server.posted()
    assert "n" not in body
    assert [message["role"] for message in body["messages"]] == ["user"]


def test_without_a_key_none_is_sent_even_if_the_client_finds_one_for_openai(rig, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-mine")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-mine")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"Authorization: Bearer {KEY}\nX-Secret: {KEY}")
    asking = rig(lambda asked: listing("m") if asked.method == "GET" else chat(choice()), key="")
    asking.complete()
    asking.open()
    assert len(asking.server.asked) == 2
    for asked in asking.server.asked:
        assert KEY not in json.dumps(asked.headers)
        assert "of-mine" not in json.dumps(asked.headers)
        assert "authorization" not in asked.headers


def test_a_server_on_this_machine_is_asked_past_any_proxy(rig, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert rig(chat(choice("an answer"))).complete().samples == (Sample(text="an answer"),)


def test_a_server_elsewhere_is_asked_by_the_proxy_of_the_environment(monkeypatch):
    address = address_of(BY_URL, "m", {}, url="http://models.invalid/v1")
    with serving(in_turn(chat(choice("an answer")))) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)

        async def asked() -> Completion:
            provider = OpenAIProvider(BY_URL, address, ModelSettings(), INFO)
            try:
                return await provider.complete(prompt_of())
            finally:
                await provider.close()

        assert asyncio.run(asked()).samples == (Sample(text="an answer"),)
    assert proxy.asked[0].path == "http://models.invalid/v1/chat/completions"


def test_azure_is_asked_for_a_deployment(rig, monkeypatch):
    monkeypatch.setenv("OPENAI_API_VERSION", "2025-01-01")
    asking = rig(chat(choice()), "azure")
    asking.complete()
    [asked] = asking.server.asked
    assert asked.path.endswith("/openai/deployments/m/chat/completions?api-version=2025-01-01")
    assert asked.headers["api-key"] == KEY
    assert asked.body["max_completion_tokens"] == 8192


@pytest.mark.parametrize(
    ("preset", "settings", "expected"),
    [
        ("openai", {"reasoning_effort": "high"}, {"reasoning_effort": "high"}),
        ("openrouter", {"reasoning_effort": "low"}, {"reasoning": {"effort": "low"}}),
        ("openrouter", {"thinking_tokens": 2000}, {"reasoning": {"max_tokens": 2000}}),
        ("groq", {}, {}),
    ],
)
def test_how_much_to_think_is_said_as_each_provider_wants_it(rig, preset, settings, expected):
    asking = rig(chat(choice()), preset, **settings)
    asking.complete()
    [body] = asking.server.posted()
    assert {name: value for name, value in body.items() if "reasoning" in name} == expected


def test_who_cannot_be_told_how_much_to_think_is_said_so(rig):
    with pytest.warns(ModelWarning, match="cannot be told --thinking-tokens"):
        rig(chat(choice()), thinking_tokens=100).complete()


def test_the_rng_seed_is_sent_only_to_servers_of_ours(rig):
    def asked_of(owner: str) -> dict[str, Any]:
        async def opened_and_asked() -> None:
            provider = asking.make()
            await provider.open()
            await provider.complete(prompt_of(rng_seed=2**62 + 1))
            await provider.close()

        entry = {"id": "m", "object": "model", "owned_by": owner}
        asking = rig(lambda asked: listing(entry) if asked.method == "GET" else chat(choice()))
        asyncio.run(opened_and_asked())
        return asking.server.posted()[0]

    assert asked_of("selftaught")["seed"] == 2**62 + 1
    assert "seed" not in asked_of("somebody")


# ---------------------------------------------------------------- what is taken


@pytest.mark.parametrize(
    ("given", "sample"),
    [
        (choice("text", "length"), Sample(text="text", finish=Finish.CUT_OFF)),
        (choice(None, "length", reasoning_content="long thoughts"), Sample(text="", finish=Finish.CUT_OFF)),
        (choice("half of it", "content_filter"), Sample(text="", finish=Finish.REFUSED)),
        (choice(None, refusal="I will not."), Sample(text="", finish=Finish.REFUSED)),
        (choice("", refusal=None), Sample(text="", finish=Finish.EMPTY)),
        (choice(None), Sample(text="", finish=Finish.EMPTY)),
        (choice(" \n"), Sample(text="", finish=Finish.EMPTY)),
        (choice(7), Sample(text="", finish=Finish.EMPTY)),
        (choice("text", None), Sample(text="text")),
        (choice("text", {"reason": "stop"}), Sample(text="text")),
        (choice("text", reasoning_content="thoughts", reasoning="thoughts"), Sample(text="text")),
        (choice("<think>\nthoughts\n</think>\n\ntext"), Sample(text="text")),
        (choice("<think>only thoughts", "length"), Sample(text="", finish=Finish.CUT_OFF)),
        (choice("text on </think> and <think>"), Sample(text="text on </think> and <think>")),
        (choice([{"type": "thinking", "thinking": []}, {"type": "text", "text": "te"}, {"type": "text", "text": "xt"}]),
         Sample(text="text")),
        (choice("half a pair: \ud83d."), Sample(text="half a pair: \N{REPLACEMENT CHARACTER}.")),
        (choice(f"the key is {KEY}"), Sample(text="the key is [key]")),
        ({"finish_reason": "stop"}, Sample(text="", finish=Finish.EMPTY)),
        ({"message": "text"}, Sample(text="", finish=Finish.EMPTY)),
        (choice(None, "tool_calls", tool_calls=[{"id": "1"}]), Sample(text="", finish=Finish.EMPTY)),
    ],
)  # fmt: skip
def test_a_choice_becomes_a_sample(rig, given, sample):
    assert rig(chat(given)).complete().samples == (sample,)


@pytest.mark.parametrize("choices", [[], [None, "x", 3]])
def test_no_choices_are_no_samples_and_what_was_counted_is_kept(rig, choices):
    completion = rig(chat(*choices)).complete()
    assert completion == Completion(samples=(), spending=Spending(tokens_in=30, tokens_out=20))


def test_more_choices_than_asked_for_are_left_out(rig):
    assert len(rig(chat(*[choice()] * 5)).complete(prompt_of(n_samples=2)).samples) == 2


@pytest.mark.parametrize(
    ("usage", "spending"),
    [
        ({"prompt_tokens": 9, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 4},
          "completion_tokens_details": {"reasoning_tokens": 3}},
         Spending(tokens_in=9, tokens_cached=4, tokens_out=5, tokens_reasoning=3)),
        ({"prompt_tokens": 9, "completion_tokens": 5, "prompt_cache_hit_tokens": 2},
         Spending(tokens_in=9, tokens_cached=2, tokens_out=5)),
        ({"prompt_tokens": 9.0, "completion_tokens": 5}, Spending(tokens_in=9, tokens_out=5)),
        ({}, Spending()),
        ([], Spending()),
        ("many", Spending()),
        ({"prompt_tokens": "9", "completion_tokens": None}, Spending()),
        ({"prompt_tokens": True, "completion_tokens": 1.5}, Spending()),
        ({"prompt_tokens_details": [], "completion_tokens_details": 7}, Spending()),
        ({"prompt_tokens": -3, "completion_tokens": 10**30}, Spending(tokens_in=-3, tokens_out=10**30)),
    ],
)  # fmt: skip
def test_usage_is_taken_as_it_is_where_it_is_a_number(rig, usage, spending):
    """Whether it can be true is for `remote` to say."""
    assert rig(chat(choice(), usage=usage)).complete().spending == spending


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"1e999", b"-1e999"])
def test_usage_that_is_no_finite_number_is_none(rig, number):
    body = b'{"choices": [], "usage": {"prompt_tokens": %s}}' % number
    assert rig(Answer(body=body)).complete().spending == Spending()


# ---------------------------------------------------------------- faults


STATUSES = {
    "invalid key": (refusing(401, "Incorrect API key provided", code="invalid_api_key"), Fault.KEY),
    "account is dry": (refusing(402, "Insufficient Balance"), Fault.KEY),
    "not allowed": (refusing(403, "Country not supported"), Fault.KEY),
    "flagged": (refusing(403, "Your input was flagged by moderation"), Fault.REJECTED),
    "no access to the model": (refusing(403, "Project has no access to model m"), Fault.UNKNOWN_MODEL),
    "no such model": (refusing(404, "The model `m` does not exist", code="model_not_found"), Fault.UNKNOWN_MODEL),
    "no such model, as 400": (refusing(400, "m is not a valid model ID"), Fault.UNKNOWN_MODEL),
    "no such page": (Answer(status=404, body=b"<html>Not Found</html>"), Fault.UNKNOWN_MODEL),
    "bad request": (refusing(400, "messages are too strange"), Fault.REJECTED),
    "too long": (refusing(400, "maximum context length is 10", code="context_length_exceeded"), Fault.REJECTED),
    "payload too large": (Answer(status=413, body=b"too large"), Fault.REJECTED),
    "bad key, as 400": (refusing(400, "API key not valid. Please pass a valid API key."), Fault.KEY),
    "server slow": (refusing(408, "timeout"), Fault.SLOW),
    "conflict": (refusing(409), Fault.BUSY),
    "rate limit": (refusing(429, "Rate limit reached"), Fault.BUSY),
    "quota": (refusing(429, "You exceeded your current quota", code="insufficient_quota"), Fault.KEY),
    "too large for a minute": (refusing(429, "Request too large for m on tokens per min (TPM)"), Fault.REJECTED),
    "server error": (refusing(500, "The server had an error"), Fault.DOWN),
    "not implemented": (refusing(501), Fault.REJECTED),
    "a web server": (Answer(status=501, body=b"<html>Unsupported method</html>"), Fault.NO_PROVIDER),
    "a page for readers": (Answer(status=405, body=b"Method Not Allowed"), Fault.NO_PROVIDER),
    "bad gateway": (Answer(status=502, body=b"<html>bad gateway</html>"), Fault.DOWN),
    "unavailable": (Answer(status=503, body=b""), Fault.DOWN),
    "overloaded": (refusing(503, "The engine is currently overloaded"), Fault.BUSY),
    "gateway timeout": (Answer(status=504, body=b"{"), Fault.DOWN),
    "overloaded, as 529": (refusing(529, "Overloaded"), Fault.BUSY),
    "redirected": (Answer(status=307, headers={"location": "http://127.0.0.1:1/v1"}), Fault.NO_PROVIDER),
    "an error in a success": (Answer(body={"error": {"code": 429, "message": "Rate limited"}}), Fault.BUSY),
    "no answer at all": (Answer(hangs_up=True), Fault.DOWN),
    "an error of words in a success": (Answer(body={"error": "out of memory"}), Fault.DOWN),
    "an error beside choices": (Answer(body={"error": {"code": 502}, "choices": []}), Fault.DOWN),
}  # fmt: skip


@pytest.mark.parametrize(("answer", "fault"), STATUSES.values(), ids=STATUSES)
def test_a_status_becomes_a_fault(rig, answer, fault):
    raised = rig(answer).fault()
    assert raised.fault is fault, raised
    assert "\n" not in str(raised)


BROKEN = {
    "no JSON": Answer(body=b"<html>hello</html>"),
    "half of JSON": Answer(body=b'{"choices": [{"mess'),
    "no text": Answer(body=b"\xff\xfe\x00\x01"),
    "nothing": Answer(body=b""),
    "null": Answer(body=b"null"),
    "a list": Answer(body=[1, 2]),
    "no choices": Answer(body={"id": "c"}),
    "choices null": Answer(body={"choices": None}),
    "choices are no list": Answer(body={"choices": {"0": 1}}),
    "nested deeply": Answer(body=b"[" * 200_000),
    "a number of many digits": Answer(body=b'{"choices": ' + b"9" * 10_000 + b"}"),
    "cut in the middle": Answer(body=chat(choice("x" * 5000)).data, sends=100),
    "cut before the body": Answer(body=b"x" * 10, sends=0),
    "compressed": Answer(body=gzip.compress(chat(choice()).data), headers={"content-encoding": "gzip"}),
    "a wrong length": Answer(body=b"{}", headers={"content-length": "many"}),
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
def test_what_is_no_answer_is_broken(rig, answer):
    assert rig(answer).fault().fault is Fault.BROKEN


def test_a_body_of_any_size_is_bounded(rig, monkeypatch):
    monkeypatch.setattr(endpoint_module, "MAX_BODY_BYTES", 1000)
    raised = rig(chat(choice("x" * 2000))).fault()
    assert (raised.fault, str(raised)) == (Fault.BROKEN, "an answer has more than 1,000 bytes")
    assert rig(refusing(500, "x" * 2000)).fault().fault is Fault.BROKEN
    assert rig(chat(choice("x" * 500))).complete().samples[0].text == "x" * 500


def test_nobody_there_is_down(rig):
    asking = rig(chat(choice()))
    asking.server.shutdown()
    asking.server.server_close()
    raised = asking.fault()
    assert (raised.fault, str(raised)) == (Fault.DOWN, "no connection: All connection attempts failed")


def test_a_name_that_no_machine_has_is_down():
    address = address_of(BY_URL, "m", {}, url="http://nobody.invalid:1/v1")

    async def asked() -> None:
        provider = OpenAIProvider(BY_URL, address, ModelSettings(), INFO)
        try:
            await provider.complete(prompt_of())
        finally:
            await provider.close()

    with pytest.raises(ProviderFault) as raised:
        asyncio.run(asked())
    assert raised.value.fault is Fault.DOWN


@pytest.mark.parametrize("answer", [Answer(wait_seconds=30), Answer(body=chat(choice()).data, drips=True)])
def test_an_exchange_takes_no_longer_than_it_may(rig, answer):
    began = time.monotonic()
    assert rig(answer).fault(prompt_of(seconds=0.4)).fault is Fault.SLOW
    assert time.monotonic() - began < 10  # not the 30 of the server


def test_the_time_is_for_all_that_is_asked_anew_together(rig):
    def script(asked: Asked) -> Answer:
        wait = 0.3 if "temperature" in asked.body else 30
        return Answer(status=400, body={"error": {"message": "no", "param": "temperature"}}, wait_seconds=wait)

    began = time.monotonic()
    assert rig(script).fault(prompt_of(seconds=0.6)).fault is Fault.SLOW
    assert time.monotonic() - began < 10


def test_a_provider_tries_once(rig):
    for answer in (refusing(429), refusing(500), Answer(hangs_up=True)):
        asking = rig(answer)
        asking.fault()
        assert len(asking.server.asked) == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"Retry-After": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after": "999999999"}, 86_400.0),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "1e3"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "Sun, 99 Foo 2026 99:99:99 GMT"}, None),
        ({}, None),
    ],
)
def test_when_to_ask_again_is_read(rig, headers, seconds):
    raised = rig(refusing(429, "slow down", headers)).fault()
    assert raised.retry_after_seconds == seconds


def test_when_to_ask_again_may_be_a_date(rig):
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    assert 80 < rig(refusing(503, "later", {"retry-after": later})).fault().retry_after_seconds <= 100
    earlier = format_datetime(datetime.now(UTC) - timedelta(seconds=100), usegmt=True)
    assert rig(refusing(503, "later", {"retry-after": earlier})).fault().retry_after_seconds == 0.0


# ---------------------------------------------------------------- hostile words


ECHOES = {
    "as it is": KEY,
    "in a header": f"Authorization: Bearer {KEY}",
    "in two halves": f"{KEY[:16]} and {KEY[16:]}",
    "over two lines": f"{KEY[:20]}\n{KEY[20:]}",
    "behind a zero-width space": "\u200b".join([KEY[:20], KEY[20:]]),
    "twice": KEY * 2,
    "beginning only": f"{KEY[:14]}...",
}


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES)
@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
def test_a_key_that_comes_back_is_in_no_message(rig, echo, status):
    for body in ({"error": {"message": echo}}, {"detail": echo}, echo.encode()):
        raised = rig(Answer(status=status, body=body)).fault()
        shown = f"{raised} {raised!r} {vars(raised)} {raised.__cause__!r}".replace("\\n", "").replace("\\u200b", "")
        assert not [KEY[at : at + 10] for at in range(len(KEY) - 9) if KEY[at : at + 10] in shown]
        assert "[key]" in str(raised)


def test_a_message_is_one_bounded_line_without_what_a_terminal_obeys(rig):
    raised = rig(refusing(500, "\x1b[31mred\r\nselftaught: all is well\u202e" + "x" * 100_000)).fault()
    text = str(raised)
    assert text.startswith("it answered 500: \\x1b[31mred selftaught: all is well\\u202exxx")
    assert len(text) < 300
    assert text.isprintable()


def test_the_words_say_what_to_check(rig):
    assert str(rig(refusing(401, "bad"), "groq").fault()) == "it answered 401: bad; check GROQ_API_KEY"
    asking = rig(chat(choice()), "ollama")
    asking.server.shutdown()
    asking.server.server_close()
    assert str(asking.fault()).endswith("; is it running? `ollama serve` starts it")


def test_nothing_of_a_provider_shows_a_key(rig):
    asking = rig(chat(choice()))
    asking.complete()
    provider = asking.provider
    assert KEY not in f"{provider!r} {provider.info!r} {provider.where} {provider._endpoint!r} {provider._client!r}"
