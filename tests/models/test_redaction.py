"""Text of servers without our keys."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from selftaught.models.redaction import Redactor

KEY = "sk-proj-0f1e2d3c4b5a69788796a5b4c3d2e1f0"
redactor = Redactor([KEY, "hunter2"])


def test_a_key_is_hidden_wherever_it_stands():
    assert redactor.text(f"{KEY}{KEY} and {KEY}") == "[key][key] and [key]"
    assert redactor.message(f"Bearer {KEY}.") == "Bearer [key]."
    assert redactor.message("the password hunter2") == "the password [key]"


def test_pieces_of_a_key_are_hidden_in_messages():
    assert redactor.message(f"{KEY[:20]}...{KEY[-12:]}") == "[key]...[key]"
    assert redactor.message(f"x{KEY[3:25]}y") == "x[key]y"


def test_what_providers_show_of_a_key_themselves_stays_readable():
    assert redactor.message("Incorrect API key provided: sk-proj-********e1f0.").endswith("sk-proj-********e1f0.")


def test_placeholders_are_no_secrets():
    assert Redactor(["x", "no"]).message("next, no x") == "next, no x"


def test_a_message_is_one_line_of_bounded_length():
    assert redactor.message("a\r\nb\tc\u2028d  e") == "a b c d e"
    assert len(redactor.message("x" * 10_000)) == 200
    assert len(redactor.message("\x00" * 10_000, 40)) == 40


def test_nobody_can_ask_it_for_the_secrets():
    assert KEY not in f"{redactor!r} {redactor}"


@given(st.text(max_size=30), st.integers(0, len(KEY) - 10), st.text(max_size=30))
def test_no_ten_characters_of_a_key_get_through(before: str, start: int, after: str):
    message = redactor.message(before + KEY[start:] + after)
    assert not [KEY[at : at + 10] for at in range(len(KEY) - 9) if KEY[at : at + 10] in message]
    assert message.isprintable()
