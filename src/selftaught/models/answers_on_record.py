"""What the model of a recorded run has answered, from the store: to each request of each improvement."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from selftaught.models.language_model import Request
from selftaught.models.replay import Refused
from selftaught.store import JournalEntry, ModelCallRecord, Store


@dataclass(frozen=True, kw_only=True, order=True)
class AskedBy:
    """Who asks, what, and how often before.

    Attributes:
        scope: The name of the improvement.
        improver: The sha256 of the program.
        request_sha256: Of what is asked.
        ordinal: How often the same was asked before by the same improvement.
    """

    scope: str
    improver: str
    request_sha256: str
    ordinal: int

    @classmethod
    def of(cls, request: Request) -> AskedBy:
        """Who asks a request."""
        return cls(
            scope=request.scope, improver=request.improver, request_sha256=request.sha256, ordinal=request.ordinal
        )


CameTo = list[list[str]] | Refused
"""What a request came to: the samples for each of its messages, or that the model refused it."""


def samples_for(request: Request, came_to: CameTo | None) -> Sequence[str] | Refused | None:
    """What answers a request, of what it came to; None where that is not what was asked for."""
    if came_to is None or isinstance(came_to, Refused):
        return came_to
    if [len(samples) for samples in came_to] != [request.n_responses] * len(request.messages):
        return None
    return [text for samples in came_to for text in samples]


class AnswersOnRecord:
    """The answers of one run; those of the model are read when they are asked for."""

    def __init__(self, store: Store, run_id: str) -> None:
        self._store = store
        self._run_id = run_id
        self._askers = {key.id: (key.path, key.improver) for key in store.improvement_keys(run_id)}
        self._refused = dict(self._refusals())

    def find(self, request: Request) -> Sequence[str] | Refused | None:
        """The text of each sample for each message, in order; or that it was refused; None where nothing is known."""
        refused = self._refused.get(AskedBy.of(request))
        if refused is not None:
            return refused
        calls = self._store.calls_like(self._run_id, request.sha256, request.ordinal)
        asker = (request.scope, request.improver)
        own = [call for call in calls if self._askers.get(call.improvement_id or "") == asker]
        texts = _texts(own)[: len(request.messages)]
        complete = [of_message for of_message in texts if len(of_message) == request.n_responses]
        return (
            [text for of_message in complete for text in of_message] if len(complete) == len(request.messages) else None
        )

    def why_missing(self, request: Request) -> str:
        """Why nothing is known of a request, in one sentence with the mend."""
        return (
            f"{self._run_id} has no answer on record for what {request.scope or 'an improver'} asks, so a program must "
            "have done something else than before; --json says where the two began to differ"
        )

    def all(self) -> Iterator[tuple[AskedBy, CameTo]]:
        """Every request that was answered or refused, and what it came to."""
        yield from self._refused.items()
        for improvement_id, (scope, improver) in self._askers.items():
            calls = sorted(self._store.model_calls(self._run_id, improvement_id), key=_request)
            for (sha256, ordinal), group in itertools.groupby(calls, key=_request):
                asked = AskedBy(scope=scope, improver=improver, request_sha256=sha256, ordinal=ordinal)
                yield asked, _texts(list(group))

    def _refusals(self) -> Iterator[tuple[AskedBy, Refused]]:
        """The requests that the model did not answer. Which ordinals they had is told by those that were answered."""
        taken: dict[tuple[str, str], set[int]] = {}
        for entry in self._store.refusals(self._run_id):
            message = _why_refused(entry)
            if message is None or entry.improvement_id not in self._askers:
                continue
            sha256 = _sha256_of(entry)
            of_request = taken.setdefault(
                (entry.improvement_id, sha256), self._store.ordinals(entry.improvement_id, sha256)
            )
            ordinal = next(number for number in itertools.count() if number not in of_request)
            of_request.add(ordinal)
            scope, improver = self._askers[entry.improvement_id]
            asked = AskedBy(scope=scope, improver=improver, request_sha256=sha256, ordinal=ordinal)
            yield asked, Refused(message=message)


def _request(call: ModelCallRecord) -> tuple[str, int]:
    return call.request_sha256, call.ordinal


def _texts(calls: Sequence[ModelCallRecord]) -> list[list[str]]:
    """The samples for each message of one request; each call on record is one message."""
    first = calls[0].improvement_id if calls else None
    return [[str(answer) for answer in call.answers] for call in calls if call.improvement_id == first]


def _why_refused(entry: JournalEntry) -> str | None:
    """What an improver was told where the model did not answer; None where it did."""
    response = entry.response
    is_refusal = isinstance(response, dict) and response.get("type") == "refusal" and response.get("kind") == "model"
    return str(response["message"]) if is_refusal else None


def _sha256_of(entry: JournalEntry) -> str:
    asked = entry.request
    return Request(
        expertise=asked["expertise"],
        messages=tuple(asked["messages"]),
        n_responses=asked["n_responses"],
        temperature=asked["temperature"],
    ).sha256
