"""What a request asks, what is refused, and how an answer is cut, counted and streamed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftaught.models import Finish, Reply, Sample
from selftaught.web.chat_completions import Complaint, as_asked, completion, events, n_tokens, read_question

USER = {"role": "user", "content": "improve this"}


def body(**fields) -> bytes:
    return json.dumps({"model": "gp", "messages": [USER], **fields}).encode()


def question(**fields):
    return read_question(body(**fields))


def complaint(given: bytes) -> Complaint:
    with pytest.raises(Complaint) as caught:
        read_question(given)
    return caught.value


def test_the_least_that_can_be_asked():
    asked = question()
    assert (asked.model, asked.expertise, asked.message) == ("gp", "", "improve this")
    assert (asked.n_samples, asked.temperature, asked.rng_seed, asked.max_tokens) == (1, 1.0, None, None)
    assert (asked.stops, asked.is_streamed, asked.with_usage) == ((), False, False)


def test_what_is_null_is_not_given():
    names = ("n", "temperature", "seed", "max_tokens", "max_completion_tokens", "stop", "stream", "stream_options",
             "tools", "functions", "logprobs", "response_format", "modalities")  # fmt: skip
    assert question(**dict.fromkeys(names)) == question()


def test_all_that_can_be_asked():
    system = [{"role": "system", "content": "You write Python."}, {"role": "developer", "content": "Quickly."}]
    asked = question(
        messages=[*system, USER], n=3, temperature=0, seed=2**63 - 1, max_tokens=9, max_completion_tokens=7,
        stop=["a", ""], stream=True, stream_options={"include_usage": True},
    )  # fmt: skip
    assert asked.expertise == "You write Python.\n\nQuickly."
    assert (asked.n_samples, asked.temperature, asked.rng_seed) == (3, 0.0, 2**63 - 1)
    assert (asked.max_tokens, asked.stops, asked.is_streamed, asked.with_usage) == (7, ("a",), True, True)
    assert asked.n_tokens == sum(map(n_tokens, ["You write Python.", "Quickly.", "improve this"]))


def test_what_does_not_change_which_answer_is_right_is_not_read():
    ignored = {"top_p": 0.5, "presence_penalty": 1, "user": "somebody", "metadata": {"a": 1}, "store": True}
    assert question(**ignored, tools=[], functions=[], response_format={"type": "text"}) == question()


def test_a_single_message_comes_through_unchanged_also_in_parts():
    text = "  ```python\r\ndef f(): pass\r\n```\t"
    assert question(messages=[{"role": "user", "content": text}]).message == text
    parts = [{"type": "text", "text": text[:7]}, {"type": "text", "text": text[7:]}]
    assert question(messages=[{"role": "user", "content": parts}]).message == text


def test_several_turns_become_one_message_with_their_roles():
    turns = [USER, {"role": "assistant", "content": "so?"}, {"role": "user", "content": "better"}]
    assert question(messages=turns).message == "user:\n\nimprove this\n\nassistant:\n\nso?\n\nuser:\n\nbetter"


@pytest.mark.parametrize(("seed", "drawn_from"), [(0, 0), (5, 5), (-1, 2**64 - 1), (2**64 - 1, 2**64 - 1)])
def test_a_seed_is_taken_as_it_is_and_a_negative_one_has_a_number_of_its_own(seed, drawn_from):
    assert question(seed=seed).rng_seed == drawn_from


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"n": 0}, "n"),
        ({"n": 129}, "n"),
        ({"n": "2"}, "n"),
        ({"n": 1.5}, "n"),
        ({"n": True}, "n"),
        ({"temperature": -0.1}, "temperature"),
        ({"temperature": 10.5}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"seed": 1.5}, "seed"),
        ({"seed": 2**64}, "seed"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_completion_tokens": -1}, "max_completion_tokens"),
        ({"model": None}, "model"),
        ({"messages": []}, "messages"),
        ({"messages": "improve this"}, "messages"),
        ({"messages": [USER] * 1001}, "messages"),
        ({"messages": [{"role": "system", "content": "a"}]}, "messages"),
        ({"messages": [{"role": "tool", "content": "a"}]}, "messages.0.role"),
        ({"messages": [{"role": "user"}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]}, "messages.0.content"),
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"functions": [{}]}, "functions"),
        ({"logprobs": True}, "logprobs"),
        ({"response_format": {"type": "json_object"}}, "response_format.type"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"stop": ["a"] * 17}, "stop"),
        ({"stream": "yes"}, "stream"),
    ],
    ids=repr,
)
def test_what_is_out_of_range_or_cannot_be_done_is_refused_with_its_field(fields, field):
    refused = complaint(body(**fields))
    assert refused.status == 400
    assert refused.field is not None
    assert refused.field.startswith(field)
    assert refused.document["error"]["type"] == "invalid_request_error"
    assert field.split(".")[0] in refused.message


@pytest.mark.parametrize("fields", [{"tools": [{}]}, {"functions": [{}]}, {"logprobs": True}], ids=repr)
def test_who_asks_for_more_than_text_is_told_so(fields):
    [name] = fields
    assert complaint(body(**fields)).message == f"{name}: this server answers with text alone, so leave it out"


@pytest.mark.parametrize(
    "given",
    [b"", b"{", b"null", b"[]", b"[" * 100_000, b'{"a":' * 50_000, b"\xff", b'{"model": NaN}', b'{"model": "\\ud800"}'],
    ids=["nothing", "open", "null", "list", "brackets", "nested", "no unicode", "nan", "surrogate"],
)
def test_what_is_no_request_is_refused(given):
    assert complaint(given).status == 400


@given(st.binary(max_size=60) | st.text(alphabet='{}[]":,model senag01', max_size=60).map(str.encode))
def test_any_bytes_are_a_question_or_a_complaint(given):
    try:
        read_question(given)
    except Complaint as refused:
        assert 400 <= refused.status < 500


def test_a_complaint_says_whether_asking_again_may_help():
    assert complaint(b"").headers == {"x-should-retry": "false"}
    assert Complaint(503, "busy", retry_after_seconds=1).headers == {"retry-after": "1"}


# ---------------------------------------------------------------- the answer


def test_tokens_are_four_bytes_each_the_last_one_begun():
    assert [n_tokens(text) for text in ("", "a", "abcd", "abcde", "éé", "ééé")] == [0, 1, 1, 2, 1, 2]


@given(st.text(max_size=50), st.integers(1, 12))
def test_a_sample_is_cut_at_the_largest_number_of_tokens_and_says_so(text, most):
    cut = as_asked(Sample(text=text), question(max_tokens=most))
    assert text.startswith(cut.text)
    assert n_tokens(cut.text) <= most
    assert (cut.finish is Finish.CUT_OFF) == (n_tokens(text) > most) == (cut.text != text)


def test_a_sample_ends_before_the_first_text_that_stops_it():
    assert as_asked(Sample(text="one two three"), question(stop=["three", " two"])) == Sample(text="one")
    assert as_asked(Sample(text="one"), question(stop="four")) == Sample(text="one")


def document(*samples: Sample, **fields):
    return completion(question(**fields), Reply(samples=samples), version="1", created=12)


def test_a_completion_has_a_choice_for_each_sample_and_counts():
    made = document(Sample(text="abcde"), Sample(text="", finish=Finish.EMPTY))
    assert [choice["message"]["content"] for choice in made["choices"]] == ["abcde", ""]
    assert [choice["index"] for choice in made["choices"]] == [0, 1]
    assert made["usage"] == {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    assert (made["object"], made["model"], made["system_fingerprint"]) == ("chat.completion", "gp", "gp-1")


def test_a_refusal_is_no_text_and_what_is_cut_off_is_so_called():
    refused, cut = document(Sample(text="", finish=Finish.REFUSED), Sample(text="abc", finish=Finish.CUT_OFF))[
        "choices"
    ]
    assert refused["message"]["content"] is None
    assert refused["message"]["refusal"]
    assert (cut["message"]["content"], cut["finish_reason"]) == ("abc", "length")


def read_events(text: str) -> list:
    assert text.endswith("\n\n")
    parts = text.removesuffix("\n\n").split("\n\n")
    assert all(part.startswith("data: ") and "\n" not in part for part in parts)
    assert parts.pop() == "data: [DONE]"
    return [json.loads(part.removeprefix("data: ")) for part in parts]


def test_a_stream_says_the_same_as_the_whole():
    made = document(Sample(text="a\n\nb"), Sample(text="", finish=Finish.REFUSED), Sample(text="é\u2028"))
    chunks = read_events("".join(events(made, with_usage=False)))
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert {chunk["id"] for chunk in chunks} == {made["id"]}
    assert all("usage" not in chunk for chunk in chunks)
    for choice in made["choices"]:
        own = [chunk["choices"][0] for chunk in chunks if chunk["choices"][0]["index"] == choice["index"]]
        assert own[0]["delta"]["role"] == "assistant"
        text = "".join(part["delta"].get("content") or "" for part in own)
        assert text == (choice["message"]["content"] or "")
        assert [part["delta"]["refusal"] for part in own if "refusal" in part["delta"]] == (
            [choice["message"]["refusal"]] if choice["message"]["refusal"] else []
        )
        assert [part["finish_reason"] for part in own] == [None, None, choice["finish_reason"]]


def test_a_stream_ends_with_the_usage_where_that_is_wanted():
    made = document(Sample(text="abc"))
    *others, last = read_events("".join(events(made, with_usage=True)))
    assert all(chunk["usage"] is None for chunk in others)
    assert (last["choices"], last["usage"]) == ([], made["usage"])
