"""What a server complains of: the words of an error, whichever shape it has, and the kind of fault that it is."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from selftaught.models.foreign_json import at, clean, list_at, parsed, text_at
from selftaught.models.provider import Fault

_MAX_BYTES = 1024 * 1024
_MAX_CHARACTERS = 4_000
_MAX_RETRY_AFTER_SECONDS = 86_400.0

_RUN_DRY = re.compile(
    r"insufficient_quota|billing_|exceeded your current quota|insufficient (balance|credit|funds)"
    r"|credit balance|payment required|account.{0,20}(deactivated|suspended)",
    re.IGNORECASE,
)
_KEY = re.compile(
    r"(invalid|incorrect|missing|expired|not valid|no valid|unauthori[sz]ed).{0,40}\b(api|access|auth)?[ _-]?key\b"
    r"|\b(api|access)[ _-]key.{0,40}(invalid|incorrect|not valid|missing|expired|required|not found)|API_KEY_INVALID",
    re.IGNORECASE,
)
_NO_MODEL = re.compile(
    r"model_not_found|DeploymentNotFound|\bmodels?\b.{0,100}\b(not found|not exist|n.t exist|unknown|not a valid"
    r"|no access|not have access)|(invalid|unknown|no such|not a valid|access to|find the) model\b|invalid_model",
    re.IGNORECASE,
)
_TOO_LARGE = re.compile(r"request too large|reduce the length|tokens? per min.{0,80}requested", re.IGNORECASE)
_MODERATED = re.compile(r"moderation|flagged|content.?(policy|filter)|safety", re.IGNORECASE)
_OVERLOADED = re.compile(r"overloaded|rate.?limit|resource_exhausted|capacity|too many requests", re.IGNORECASE)

_BY_STATUS = {
    401: Fault.KEY,
    402: Fault.KEY,
    403: Fault.KEY,
    404: Fault.UNKNOWN_MODEL,
    405: Fault.NO_PROVIDER,
    408: Fault.SLOW,
    409: Fault.BUSY,
    425: Fault.BUSY,
    429: Fault.BUSY,
    498: Fault.BUSY,
    501: Fault.REJECTED,
    505: Fault.REJECTED,
    529: Fault.BUSY,
}


@dataclass(frozen=True, kw_only=True)
class Complaint:
    """What a server says is wrong.

    Attributes:
        message: In words; maybe a whole page, cut.
        code: Its own short names for it, joined; empty if it has none.
        parameter: The part of the request that it names; empty if none.
        retry_after_seconds: When its words say to ask again; None if they do not.
        is_document: Whether it is JSON, as that of a provider is.
    """

    message: str
    code: str = ""
    parameter: str = ""
    retry_after_seconds: float | None = None
    is_document: bool = True

    @property
    def searchable(self) -> str:
        """All of it, the short names first."""
        return f"{self.code} {self.parameter} {self.message}"


def complaint_of(body: bytes) -> Complaint:
    """What the body of an error says, in any of the shapes that servers give it."""
    try:
        document = parsed(body[:_MAX_BYTES])
    except ValueError:
        message = clean(body[:_MAX_CHARACTERS].decode("utf-8", "replace"))
        return Complaint(message=message, is_document=False)
    if isinstance(document, list):  # Google wraps it in a list
        document = at(document, 0)
    error = at(document, "error")
    inner = error if isinstance(error, dict) else document
    codes = (at(inner, name) for name in ("code", "type", "status"))
    code = " ".join(clean(str(code))[:100] for code in codes if isinstance(code, (str, int)))
    message = error if isinstance(error, str) else text_at(inner, "message")
    raw = text_at(inner, "metadata", "raw")  # what a provider behind OpenRouter said
    details = [_Detail.of(detail) for detail in (*list_at(document, "detail"), *list_at(inner, "details"))]
    words = (message, raw, text_at(document, "detail"), *(detail.words for detail in details))
    text = " ".join(filter(None, (word.strip() for word in words)))
    if not text and not code:
        text = clean(body[:_MAX_CHARACTERS].decode("utf-8", "replace"))
    named = [text_at(inner, "param"), *(detail.parameter for detail in details)]
    return Complaint(
        message=clean(text)[:_MAX_CHARACTERS],
        code=code,
        parameter=next(filter(None, named), "")[:100],
        retry_after_seconds=next((detail.seconds for detail in details if detail.seconds is not None), None),
    )


@dataclass(frozen=True, kw_only=True)
class _Detail:
    """One detail of an error, as FastAPI or Google give it."""

    words: str
    parameter: str
    seconds: float | None

    @classmethod
    def of(cls, detail: Any) -> _Detail:
        place = ".".join(str(step) for step in list_at(detail, "loc") if step != "body")
        violation = at(detail, "fieldViolations", 0)
        words = (text_at(detail, "msg"), text_at(detail, "reason"), text_at(violation, "description"))
        return cls(
            words=" ".join(filter(None, words)),
            parameter=place or text_at(violation, "field"),
            seconds=_bounded(_number(text_at(detail, "retryDelay").removesuffix("s"))),
        )


def fault_of_status(status: int, complaint: Complaint, *, asks_for_patience: bool = False) -> Fault:
    """The kind of fault that a status and a complaint are, with or without a time after which to ask again."""
    text = complaint.searchable[:_MAX_CHARACTERS]
    fault = _BY_STATUS.get(status)
    if status in (400, 422, 403, 429) and _NO_MODEL.search(text[:500]) and not _TOO_LARGE.search(text):
        return Fault.UNKNOWN_MODEL if status != 429 else Fault.BUSY
    if status == 403 and _MODERATED.search(text):
        return Fault.REJECTED
    if status == 429 and (_RUN_DRY.search(complaint.code) or (_RUN_DRY.search(text) and not asks_for_patience)):
        return Fault.KEY
    if status == 429 and _TOO_LARGE.search(text):
        return Fault.REJECTED
    if status == 400 and (_KEY.search(text) or _RUN_DRY.search(text)):
        return Fault.KEY
    if 300 <= status < 400 or (status == 501 and not complaint.is_document):
        return Fault.NO_PROVIDER
    if fault is not None:
        return fault
    if status >= 500:
        return Fault.BUSY if _OVERLOADED.search(text) else Fault.DOWN
    return Fault.REJECTED


def retry_after_seconds(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """When a server says to ask again, in `[0, 86400]` seconds from now; None if it does not, or makes no sense.

    Args:
        headers: Of its answer, found in any case.
        now: In UTC; by default what the clock says.
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return _bounded(milliseconds / 1000)
    given = headers.get("retry-after", "")
    seconds = _number(given)
    if seconds is None:
        seconds = _seconds_until(given, now or datetime.now(UTC))
    return _bounded(seconds)


def _bounded(seconds: float | None) -> float | None:
    return None if seconds is None else min(seconds, _MAX_RETRY_AFTER_SECONDS)


def _number(text: str) -> float | None:
    """A number that is not negative; None for any other text, `nan` and `inf` included."""
    return float(text) if re.fullmatch(r"\s*\d{1,15}(\.\d{0,15})?\s*", text, re.ASCII) else None


def _seconds_until(text: str, now: datetime) -> float | None:
    try:
        when = email.utils.parsedate_to_datetime(text)
        return max(0.0, (when.astimezone(UTC) - now).total_seconds())
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
