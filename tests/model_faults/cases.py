"""Every fault of a provider, and what should come of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Literal

from model_faults.server import (
    Answer,
    Asked,
    Script,
    always,
    chat,
    choice,
    complete,
    in_turn,
    refusing,
)

KEY = "sk-0f1e2d3c4b5a69788796a5b4c3d2e1f0"

Ends = Literal["answered", "told to the improver", "the run ends"]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A fault.

    Attributes:
        name: What the provider does, for the table.
        script: What its server does; made anew for each measurement.
        ends: What should come of it.
        says: A regular expression for the sentence, where it is no answer.
        marks: How the samples are finished, where it is one.
        n_samples: How many samples are asked for.
        n_requests: How many requests that should take; None where time decides.
        tells: Whether a person is told to wait, and then that it goes on.
        miscounted: How many exchanges should be marked as miscounted.
        unpriced: How many exchanges should be marked as of unknown cost.
        settings: What is set for it; times are shorter than by default.
        more: Any more that must hold of what was measured.
    """

    name: str
    script: Callable[[], Script]
    ends: Ends = "answered"
    says: str = ""
    marks: tuple[str, ...] = ("complete",)
    n_samples: int = 1
    n_requests: int | None = None
    tells: bool = False
    miscounted: int = 0
    unpriced: int = 0
    settings: dict[str, Any] = field(default_factory=dict)
    more: Callable[[Any], bool] = lambda measured: True


def _then_whole(*answers: Answer) -> Callable[[], Script]:
    return lambda: in_turn(*answers)


def _always(answer: Answer) -> Callable[[], Script]:
    return lambda: always(answer)


def _busy_until(seconds: int) -> Callable[[], Script]:
    """Busy, with a date that is so far ahead; dates have whole seconds, so it may be up to a second less."""

    def make() -> Script:
        at = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
        return in_turn(refusing(429, "slow down", {"retry-after": at}))

    return make


def _one_choice(asked: Asked) -> Answer:
    return chat(choice(f"answer {asked.number}"))


def _expires(asked: Asked) -> Answer:
    """The key serves for two requests. What is said of it repeats it."""
    if asked.number < 2:
        return _one_choice(asked)
    return refusing(401, f"Incorrect API key provided: {KEY}.", code="invalid_api_key")


def _counts_one(asked: Asked) -> Answer:
    """As llama.cpp does: six samples, the tokens of one."""
    text = "a sentence of some ten words or a few more of them"
    return chat(*[choice(text)] * asked.n, usage={"prompt_tokens": 30, "completion_tokens": 14})


BUSY = refusing(429, "slow down")
BROKEN = replace(chat(), body=b'{"choices": [{"message": {"content": "half an ans')
CUT = Answer(body=json.dumps(chat(choice()).body).encode(), sends=40)
REFUSAL = chat(choice(None, refusal="I cannot help with that."))

CASES = (
    # ---- patience
    Case(
        name="429, `Retry-After: 1`",
        script=_then_whole(refusing(429, "slow down", {"retry-after": "1"})),
        n_requests=2,
        more=lambda measured: measured.gaps[0] >= 0.99,
    ),
    Case(
        name="429, `Retry-After` as a date, three seconds ahead",
        script=_busy_until(3),
        n_requests=2,
        tells=False,
        more=lambda measured: measured.gaps[0] >= 1.8,
    ),
    Case(name="429 without `Retry-After`, three times", script=_then_whole(BUSY, BUSY, BUSY), n_requests=4),
    Case(
        name="429 with `Retry-After` of a day",
        script=_always(refusing(429, "the day's quota is used up", {"retry-after": "86400"})),
        ends="the run ends",
        says=r"has asked for patience since .*, and for 86400 s more .*--outage-seconds",
        n_requests=1,
    ),
    Case(
        name="429, the account has run dry",
        script=_always(refusing(429, "You exceeded your current quota", code="insufficient_quota")),
        ends="the run ends",
        says=r"does not serve with this key .*429: You exceeded your current quota; check SELFTAUGHT_API_KEY",
        n_requests=1,
    ),
    Case(name="529, overloaded", script=_then_whole(refusing(529, "Overloaded")), n_requests=2),
    # ---- down
    Case(name="500, once", script=_then_whole(refusing(500)), n_requests=2),
    Case(name="503, three times", script=_then_whole(*[refusing(503)] * 3), n_requests=4),
    Case(
        name="502, a page of HTML, once",
        script=_then_whole(Answer(status=502, body=b"<html>Bad Gateway</html>", headers={"content-type": "text/html"})),
        n_requests=2,
    ),
    Case(
        name="500 for ever",
        script=_always(refusing(500, "it is on fire")),
        ends="the run ends",
        says=r"has not answered since .*500: it is on fire.*; the run waits 1 s at the most \(--outage-seconds\)",
        settings={"outage_seconds": 1},
    ),
    Case(
        name="goes down for 4 s, connections cut, nobody listens; then comes back",
        script=_then_whole(Answer(hangs_up=True, goes_down_seconds=4.0)),
        tells=True,
        more=lambda measured: measured.gaps[0] >= 4.0,
    ),
    Case(
        name="goes down and stays so",
        script=_then_whole(Answer(hangs_up=True, goes_down_seconds=600.0)),
        ends="the run ends",
        says=r"has not answered since .*no connection.*; the run waits 1 s at the most",
        settings={"outage_seconds": 1},
        n_requests=1,
    ),
    Case(
        name="is a proxy whose server is down: connects and hangs up, six times",
        script=_then_whole(*[Answer(hangs_up=True)] * 6),
        n_requests=7,
        tells=True,
    ),
    Case(name="resets the connection, once", script=_then_whole(Answer(resets=True)), n_requests=2),
    # ---- too slow
    Case(
        name="hangs",
        script=_always(Answer(wait_seconds=600.0)),
        ends="told to the improver",
        says=r"took too long.*\(--call-seconds\)",
        settings={"call_seconds": 1},
        n_requests=1,
        unpriced=1,
    ),
    Case(
        name="408, once",
        script=lambda: lambda asked: refusing(408) if asked.number == 0 else complete(asked),
        n_requests=2,
        unpriced=1,
    ),
    Case(
        name="drips a byte every 50 ms",
        script=_always(replace(chat(choice()), drip_seconds=0.05)),
        ends="told to the improver",
        says=r"took too long.*\(--call-seconds\)",
        settings={"call_seconds": 1},
        n_requests=1,
        unpriced=1,
    ),
    # ---- broken
    Case(name="broken JSON, once", script=_then_whole(BROKEN), n_requests=2, unpriced=1),
    Case(
        name="broken JSON for ever",
        script=_always(BROKEN),
        ends="told to the improver",
        says="sent 5 answers that are none: it sent no JSON",
        n_requests=5,
        unpriced=5,
    ),
    Case(name="the connection is cut in the middle of the body", script=_then_whole(CUT), n_requests=2, unpriced=1),
    Case(name="JSON that is no answer", script=_then_whole(Answer(body=[1, 2])), n_requests=2, unpriced=1),
    Case(
        name="200 with an error in it",
        script=_then_whole(Answer(body={"error": {"message": "upstream is busy", "code": 429}})),
        n_requests=2,
    ),
    # ---- samples
    Case(name="`choices: []`, once", script=_then_whole(chat()), n_requests=2),
    Case(
        name="`choices: []` for ever",
        script=_always(chat()),
        ends="told to the improver",
        says="answered with nothing, also when asked again",
        n_requests=3,
    ),
    Case(name="`content: null`, once", script=_then_whole(chat(choice(None))), n_requests=2),
    Case(
        name="`content: null` for ever",
        script=_always(chat(choice(None))),
        ends="told to the improver",
        says="answered with nothing, also when asked again",
        n_requests=3,
    ),
    Case(
        name="a refusal for ever",
        script=_always(REFUSAL),
        ends="told to the improver",
        says="refused to answer, also when asked again",
        n_requests=3,
    ),
    Case(
        name="one of three samples is refused, each time",
        script=lambda: (
            lambda asked: chat(choice("a"), *REFUSAL.body["choices"], choice("c")) if asked.n == 3 else REFUSAL
        ),
        n_samples=3,
        marks=("complete", "refused", "complete"),
        n_requests=3,
    ),
    Case(
        name="`finish_reason: length`",
        script=_always(chat(choice("half an ans", "length"))),
        marks=("cut_off",),
        n_requests=1,
    ),
    Case(
        name="`finish_reason: length` before the first word",
        script=_always(chat(choice("", "length"))),
        ends="told to the improver",
        says=r"one that thinks may need more tokens for an answer \(--max-output-tokens\)",
        n_requests=3,
    ),
    Case(
        name="one choice where three are wanted",
        script=lambda: _one_choice,
        n_samples=3,
        marks=("complete",) * 3,
        n_requests=3,
    ),
    # ---- counts
    Case(name="no usage", script=_always(chat(choice(), usage=None)), n_requests=1, miscounted=1),
    Case(
        name="usage of one sample where six came",
        script=lambda: _counts_one,
        n_samples=6,
        marks=("complete",) * 6,
        n_requests=1,
        miscounted=1,
    ),
    Case(
        name="usage below zero and beyond all measure",
        script=_always(chat(choice(), usage={"prompt_tokens": -5, "completion_tokens": 10**30})),
        n_requests=1,
        miscounted=1,
    ),
    # ---- what waiting does not mend
    Case(
        name="the key expires after two requests",
        script=lambda: _expires,
        n_samples=3,
        ends="the run ends",
        says=r"does not serve with this key \(it answered 401: .*; check SELFTAUGHT_API_KEY\); when that is mended",
        n_requests=3,
        more=lambda measured: measured.n_kept == 2,
    ),
    Case(
        name="404, there is no such model",
        script=_always(refusing(404, "The model `m` does not exist", code="model_not_found")),
        ends="the run ends",
        says="has no model m .*404: The model `m` does not exist.*; when that is mended",
        n_requests=1,
    ),
    Case(
        name="400, the prompt is too long",
        script=_always(refusing(400, "the prompt has 9000 tokens, of 8192 that there may be")),
        ends="told to the improver",
        says="rejected the request: it answered 400: the prompt has 9000 tokens",
        n_requests=1,
    ),
    Case(
        name="403, flagged by moderation",
        script=_always(refusing(403, "your input was flagged by moderation")),
        ends="told to the improver",
        says="rejected the request: it answered 403",
        n_requests=1,
    ),
    Case(
        name="a redirection to another host",
        script=_always(Answer(status=307, headers={"location": "http://192.0.2.1/v1/chat/completions"})),
        ends="the run ends",
        says="does not answer as a provider of models should: it answered 307, a redirection, which is not followed",
        n_requests=1,
    ),
    Case(
        name="501 and a page of HTML: a web server that is no provider",
        script=_always(Answer(status=501, body=b"<html>Unsupported method ('POST')</html>")),
        ends="the run ends",
        says=r"a provider of models should: it answered 501 \(is the address right\? it often ends in /v1\)$",
        n_requests=1,
    ),
)
