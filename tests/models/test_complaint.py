"""What servers say of an error, in every shape that they give it; and bytes that say nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftaught.models.complaint import Complaint, complaint_of, fault_of_status, retry_after_seconds
from selftaught.models.provider import Fault

SHAPES = {
    "OpenAI": (
        {"error": {"message": "No.", "type": "invalid_request_error", "param": "n", "code": "unsupported"}},
        Complaint(message="No.", code="unsupported invalid_request_error", parameter="n"),
    ),
    "Anthropic": (
        {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}, "request_id": "r"},
        Complaint(message="Overloaded", code="overloaded_error"),
    ),
    "Ollama": ({"error": "model 'x' not found"}, Complaint(message="model 'x' not found")),
    "vLLM": (
        {"object": "error", "message": "No.", "type": "BadRequestError", "param": None, "code": 400},
        Complaint(message="No.", code="400 BadRequestError"),
    ),
    "FastAPI": (
        {"detail": [{"loc": ["body", "messages", 0, "role"], "msg": "must be user", "type": "t"}]},
        Complaint(message="must be user", parameter="messages.0.role"),
    ),
    "FastAPI in words": ({"detail": "Not Found"}, Complaint(message="Not Found")),
    "Google": (
        {
            "error": {
                "code": 429,
                "message": "You exceeded your current quota.",
                "status": "RESOURCE_EXHAUSTED",
                "details": [
                    {"@type": "x/google.rpc.QuotaFailure", "violations": []},
                    {"@type": "x/google.rpc.RetryInfo", "retryDelay": "37.5s"},
                ],
            }
        },
        Complaint(message="You exceeded your current quota.", code="429 RESOURCE_EXHAUSTED", retry_after_seconds=37.5),
    ),
    "Google in a list": (
        [{"error": {"code": 400, "message": "API key not valid.", "details": [{"reason": "API_KEY_INVALID"}]}}],
        Complaint(message="API key not valid. API_KEY_INVALID", code="400"),
    ),
    "Google on a field": (
        {"error": {"message": "m", "details": [{"fieldViolations": [{"field": "a.temperature", "description": "d"}]}]}},
        Complaint(message="m d", parameter="a.temperature"),
    ),
    "OpenRouter": (
        {"error": {"code": 400, "message": "Provider returned error", "metadata": {"raw": "no temperature"}}},
        Complaint(message="Provider returned error no temperature", code="400"),
    ),
    "half a surrogate pair": ({"error": "\ud83d"}, Complaint(message="\N{REPLACEMENT CHARACTER}")),
}


@pytest.mark.parametrize(("body", "complaint"), SHAPES.values(), ids=SHAPES)
def test_every_shape_is_understood(body, complaint):
    assert complaint_of(json.dumps(body).encode()) == complaint


def test_what_has_no_shape_is_taken_as_it_is_and_cut():
    assert complaint_of(b"<html>\xff").message == "<html>\N{REPLACEMENT CHARACTER}"
    assert complaint_of(b'{"x": 1}').message == '{"x": 1}'
    assert complaint_of(b"") == Complaint(message="", is_document=False)
    assert len(complaint_of(b"x" * 10_000_000).message) <= 4000
    assert len(complaint_of(json.dumps({"error": "x" * 100_000}).encode()).message) <= 4000


@pytest.mark.parametrize(
    ("status", "message", "fault"),
    [
        (400, "Model Not Exist", Fault.UNKNOWN_MODEL),
        (400, "Invalid model: foo", Fault.UNKNOWN_MODEL),
        (400, "The model `x` has been deprecated", Fault.REJECTED),
        (400, "Your credit balance is too low to access the API", Fault.KEY),
        (403, "You do not have access to model x", Fault.UNKNOWN_MODEL),
        (429, "Rate limit reached for model x in organization o on tokens per min", Fault.BUSY),
        (429, "The model x is unknown to be so popular", Fault.BUSY),
        (418, "teapot", Fault.REJECTED),
        (500, "CUDA out of memory", Fault.DOWN),
        (520, "", Fault.DOWN),
        (302, "", Fault.NO_PROVIDER),
        (405, "", Fault.NO_PROVIDER),
        (501, "", Fault.REJECTED),
    ],
)
def test_words_tell_faults_of_one_status_apart(status, message, fault):
    assert fault_of_status(status, Complaint(message=message)) is fault


def test_a_quota_that_comes_back_is_waited_for_and_one_that_has_run_dry_is_not():
    per_minute = Complaint(message="You exceeded your current quota", code="429 RESOURCE_EXHAUSTED")
    assert fault_of_status(429, per_minute, asks_for_patience=True) is Fault.BUSY
    assert fault_of_status(429, per_minute) is Fault.KEY
    dry = Complaint(message="You exceeded your current quota", code="insufficient_quota")
    assert fault_of_status(429, dry, asks_for_patience=True) is Fault.KEY


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(
        ["error", "message", "detail", "details", "loc", "msg", "code", "type", "param", "metadata", "raw",
         "retryDelay", "fieldViolations", "field", "reason", "status"]) | st.text(), inner),
    max_leaves=20,
)  # fmt: skip


@given(anything, st.integers(300, 599))
def test_any_json_is_a_complaint_and_a_fault(document: Any, status: int):
    complaint = complaint_of(json.dumps(document).encode())
    assert all(isinstance(text, str) for text in (complaint.message, complaint.code, complaint.parameter))
    complaint.message.encode()
    assert fault_of_status(status, complaint) in Fault
    assert complaint.retry_after_seconds is None or 0 <= complaint.retry_after_seconds <= 86_400


@given(st.binary(max_size=200), st.integers(300, 599))
def test_any_bytes_are_a_complaint(body: bytes, status: int):
    assert fault_of_status(status, complaint_of(body)) in Fault


@given(st.text() | st.sampled_from(["1", "Wed, 21 Oct 2026 07:28:00 GMT", "0000", "9" * 400]))
def test_any_time_to_ask_again_is_bounded(text: str):
    for name in ("retry-after", "retry-after-ms"):
        seconds = retry_after_seconds({name: text}, datetime(2026, 10, 21, tzinfo=UTC))
        assert seconds is None or 0 <= seconds <= 86_400
