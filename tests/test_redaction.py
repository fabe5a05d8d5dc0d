"""Keys are hidden: those that were sent, those of the environment, and whatever looks like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftaught.redaction import HIDDEN, Redactor, secrets_in, without_keys

KEY = "planted-4f9a2c7e"
SENT = "sk-proj-0f1e2d3c4b5a69788796a5b4c3d2e1f0"
redactor = Redactor([SENT, "hunter2"])


@pytest.mark.parametrize(
    "name",
    ["OPENAI_API_KEY", "SELFTAUGHT_API_KEY", "API_KEY", "apikey", "MY_APIKEY", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY",
     "DB_PASSWORD", "SOME_CREDENTIALS", "HF_TOKEN", "KEY", "SIGNING_KEY", "CLIENT_SECRET"],
)  # fmt: skip
def test_the_value_of_a_variable_that_holds_a_key_is_hidden(name):
    secrets = secrets_in({name: f" {KEY}\n", "HOME": "/home/somebody"})
    assert secrets == [KEY]
    assert without_keys(f"it said: {KEY}!{KEY}", secrets) == f"it said: {HIDDEN}!{HIDDEN}"


@pytest.mark.parametrize(
    "name", ["HOME", "KEYBOARD", "MONKEY", "TOKENIZERS_PARALLELISM", "SSH_AUTH_SOCK", "PATH", "LANG"]
)
def test_the_value_of_another_variable_is_not(name):
    assert secrets_in({name: "ordinary value"}) == []


@pytest.mark.parametrize("value", ["", "none", "token", "1234567"])
def test_a_placeholder_is_no_secret(value):
    assert secrets_in({"API_KEY": value}) == []


def test_each_value_in_a_list_of_headers_is_a_secret():
    headers = {"OTEL_EXPORTER_OTLP_HEADERS": f"x-team=research-team, authorization=Basic%20{KEY}"}
    assert secrets_in(headers) == [f"Basic%20{KEY}", "research-team"]


def test_the_longest_is_hidden_first():
    secrets = secrets_in({"A_KEY": KEY, "B_KEY": f"{KEY}-and-more"})
    assert without_keys(f"{KEY}-and-more {KEY}", secrets) == f"{HIDDEN} {HIDDEN}"


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Authorization: Bearer abc.def-123", f"Authorization: Bearer {HIDDEN}"),
        ('{"authorization": "bearer   abcd1234"}', f'{{"authorization": "bearer   {HIDDEN}"}}'),
        ("Basic dXNlcjpwYXNz", f"Basic {HIDDEN}"),
        ("http://user:hunter22@127.0.0.1:9/v1", f"http://user:{HIDDEN}@127.0.0.1:9/v1"),
        ("incorrect key sk-proj-abcDEF123456_7890-xyz given", f"incorrect key {HIDDEN} given"),
        ("gsk_0123456789abcdefABCDEF", HIDDEN),
        ("ghp_0123456789abcdefABCDEF0123", HIDDEN),
        ("AIzaSyA0123456789abcdefghijklmnopqrstuv", HIDDEN),
        ("AKIAIOSFODNN7EXAMPLE", HIDDEN),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", HIDDEN),
    ],
)
def test_what_looks_like_a_key_is_hidden_wherever_it_came_from(text, hidden):
    assert without_keys(text, []) == hidden


@pytest.mark.parametrize(
    "text",
    [
        "round-1/search/dispatch/repeat-0",
        "raised: TypeError: unsupported operand",
        "the bearer of bad news",
        "a basic idea",
        "http://127.0.0.1:8000/v1#gp",
        "sk-learn and task-specific",
        "def f(x): return x",
        "2026-11-28T05:20:30",
        "e59f88bef8bfd6dda366f50658d4a94488a77a25bf8bda2d430d478b5aa63ba2",
    ],
)
def test_ordinary_text_stays_as_it_is(text):
    assert without_keys(text, []) in (text, text.replace("of", HIDDEN), text.replace("idea", HIDDEN))


@given(st.text(max_size=40), st.text(max_size=40), st.text(min_size=8, max_size=30))
def test_a_secret_is_in_no_text_that_is_told(before, after, secret):
    secret = secret.strip()
    secrets = secrets_in({"SOME_KEY": secret})
    told = without_keys(f"{before}{secret}{after}", secrets)
    assert secret not in told or len(secret) < 8 or secret in HIDDEN


# ---------------------------------------------------------------- text of servers


def test_a_key_is_hidden_wherever_it_stands():
    assert redactor.text(f"{SENT}{SENT} and {SENT}") == "[key][key] and [key]"
    assert redactor.message(f"Bearer {SENT}.") == "Bearer [key]."
    assert redactor.message("the password hunter2") == "the password [key]"


def test_pieces_of_a_key_are_hidden_in_messages():
    assert redactor.message(f"{SENT[:20]}...{SENT[-12:]}") == "[key]...[key]"
    assert redactor.message(f"x{SENT[3:25]}y") == "x[key]y"


def test_what_providers_show_of_a_key_themselves_stays_readable():
    assert redactor.message("Incorrect API key provided: sk-proj-********e1f0.").endswith("sk-proj-********e1f0.")


def test_placeholders_are_no_secrets():
    assert Redactor(["x", "no"]).message("next, no x") == "next, no x"


def test_a_message_is_one_line_of_bounded_length():
    assert redactor.message("a\r\nb\tc\u2028d  e") == "a b c d e"
    assert len(redactor.message("x" * 10_000)) == 200
    assert len(redactor.message("\x00" * 10_000, 40)) == 40


def test_nobody_can_ask_it_for_the_secrets():
    assert SENT not in f"{redactor!r} {redactor}"


@given(st.text(max_size=30), st.integers(0, len(SENT) - 10), st.text(max_size=30))
def test_no_ten_characters_of_a_key_get_through(before: str, start: int, after: str):
    message = redactor.message(before + SENT[start:] + after)
    assert not [SENT[at : at + 10] for at in range(len(SENT) - 9) if SENT[at : at + 10] in message]
    assert message.isprintable()
