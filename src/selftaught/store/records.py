"""What goes into the store and comes out of it, as frozen dataclasses.

A field that the store fills in (`id`, `created_at`) is None in a record that was not stored yet. Programs are named
by the sha256 of their source, moments are aware datetimes, and texts may hold anything that a hostile program can
make, lone surrogates and NUL characters included: they come back as they went in. A `value` is there only if the
outcome is `ok`.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal, Self, TypeAlias

from selftaught.errors import Outcome, StoreError
from selftaught.ledger import SPENDING_FIELDS, Spending

ProgramKind: TypeAlias = Literal["improver", "solution", "task"]
RunStatus: TypeAlias = Literal["running", "finished", "failed", "interrupted"]


@contextlib.contextmanager
def as_written(what: str) -> Iterator[None]:
    """Nothing; in the block, that something on record is not as we write it is one sentence.

    Args:
        what: Where it is on record.

    Raises:
        StoreError: It is not.
    """
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        detail = f"{type(error).__name__}: {error}"
        raise StoreError(
            f"{what} holds what selftaught did not write ({detail:.200}): use a copy that is whole"
        ) from error


def sha256_of(text: str) -> str:
    """The hex digest by which the store names `text`; equals that of its UTF-8 bytes wherever it has any."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, kw_only=True)
class ProgramRecord:
    """A program, stored once however often it turns up; its first kind stays."""

    sha256: str
    source: str
    kind: ProgramKind
    created_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class RunStart:
    """A run as it begins.

    Attributes:
        run_id: Such as `r-20261121-052233-ab12`; `Store.new_run_id` makes one.
        config: All that decides what the run does: tasks, model, budgets, `rng_seed`, rounds, repeats, acceptance rule.
        versions: Of the code, Python, the model, and the tasks' sha256.
        isolation: The mode of the sandbox.
    """

    run_id: str
    config: Mapping[str, Any]
    versions: Mapping[str, Any] = field(default_factory=dict)
    isolation: str = ""


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """One line of the list of runs.

    Attributes:
        status: As recorded, but "interrupted" where it says "running" and its process is gone.
        message: Why it failed or was interrupted; empty otherwise.
        rounds: How many rounds are recorded, the seed improver's round 0 included.
    """

    run_id: str
    status: RunStatus
    config: dict[str, Any]
    isolation: str
    created_at: datetime
    finished_at: datetime | None
    message: str
    rounds: int

    def __post_init__(self) -> None:
        if not isinstance(self.config, dict):
            raise TypeError("the settings of a run are a table of names and values")


@dataclass(frozen=True, kw_only=True)
class RunRecord(RunSummary):
    """One run in full.

    Attributes:
        result: The document of `run --json`, None until the run is finished.
    """

    versions: dict[str, Any]
    result: dict[str, Any] | None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.versions, dict):
            raise TypeError("the versions of a run are a table of names and values")

    @property
    def opaque(self) -> list[str]:
        """The tasks whose scores are claims; of an older run, only where its result lists them."""
        stated = self.versions.get("opaque", (self.result or {}).get("opaque"))
        return [str(task) for task in stated] if isinstance(stated, list) else []


@dataclass(frozen=True, kw_only=True)
class RoundRecord:
    """One round of the recursion.

    Attributes:
        improver: The improver that stands after the round.
        candidate: The improver that the round proposed; None where it proposed none.
        parent: The improver that made the proposal and was its initial solution.
        validation: Validation meta-utility of the proposal, higher is better; None if it failed.
        incumbent_validation: The same, measured at the same time, of the improver that stood before.
        test_mean: Test meta-utility of `improver`, higher is better; `test_low` and `test_high` are
            the ends of its interval, `test_n` how many measurements it is the mean of.
    """

    run_id: str
    round: int
    improver: str
    candidate: str | None = None
    parent: str | None = None
    accepted: bool
    validation: float | None = None
    incumbent_validation: float | None = None
    test_mean: float | None = None
    test_low: float | None = None
    test_high: float | None = None
    test_n: int = 0
    budget: Mapping[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ImprovementRecord:
    """One use of an improver on one solution; the fields from `result` on are filled in when it is finished.

    Attributes:
        id: Assigned by the caller, so that rows that point to it need not wait.
        parent: The improvement during which this one ran; None at the top.
        path: A stable name by structure, such as `round-1/use-3/dispatch/repeat-2`: equal in a resumed run.
        key: Which draw of instances.
        initial: The sha256 of the initial solution.
        result: The sha256 of the solution that was returned, if any.
        outcome: None while it is running.
        value: What the result is worth, if that was measured.
        budget: What was used of it.
    """

    id: str
    run_id: str
    parent: str | None = None
    path: str
    improver: str
    task: str
    split: str
    key: str = ""
    initial: str
    result: str | None = None
    outcome: Outcome | None = None
    message: str = ""
    value: float | None = None
    budget: Mapping[str, Any] | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None

    def __post_init__(self) -> None:
        check_value(self.outcome, self.value)


@dataclass(frozen=True, kw_only=True)
class ImprovementKey:
    """By what one improvement is told from the others of its run, and whether it ended."""

    id: str
    path: str
    improver: str
    task: str
    initial: str
    outcome: Outcome | None


@dataclass(frozen=True, kw_only=True)
class EvaluationRecord:
    """One program on one draw of instances.

    Attributes:
        key: Which draw of instances.
        value: The mean of the scores, higher is better; None unless the outcome is `ok`.
        scores: One per instance; None for an instance that was not scored.
        n: How many instances were drawn.
    """

    run_id: str
    improvement_id: str | None = None
    program: str
    task: str
    split: str
    key: str = ""
    outcome: Outcome
    message: str = ""
    value: float | None = None
    scores: Sequence[float | None] = ()
    n: int = 0
    cpu_seconds: float | None = None
    id: int | None = None
    created_at: datetime | None = None

    def __post_init__(self) -> None:
        check_value(self.outcome, self.value)
        if self.outcome is Outcome.OK and self.value is None:
            raise ValueError("an evaluation with the outcome ok comes with a value")
        if any(score is not None and not math.isfinite(score) for score in self.scores):
            raise ValueError("a score is finite, or None where there is none")


@dataclass(frozen=True, kw_only=True)
class ModelCallRecord:
    """One message of a call of the language model, with its answers; the rows of a call share hash and ordinal.

    Attributes:
        request_sha256: Of all that decides the answer; with `ordinal`, the key under which answers are found again.
        ordinal: How many times the same request was made before: asked again, the model may answer otherwise.
        expertise: The system message as it was sent: what the improver wrote, and what the engine added.
        tokens: What the whole call spent, see `ledger.spending_document`; in the row of its first message only, and
            None where nothing is counted.
        seconds: Wall time of the whole call.
        key: Under which the samples are in the book of answers, see `AnswerRecord`; None where they are in none.
    """

    run_id: str
    improvement_id: str | None = None
    model: str
    request_sha256: str
    ordinal: int
    expertise: str
    message: str
    temperature: float
    n_responses: int
    answers: Sequence[str]
    tokens: Mapping[str, Any] | None = None
    seconds: float = 0.0
    key: str | None = None
    id: int | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class CallFigures:
    """What is counted of a row of the model calls, without its texts; see `ModelCallRecord`."""

    improvement_id: str | None
    model: str
    request_sha256: str
    ordinal: int
    n_responses: int
    tokens: Mapping[str, Any] | None
    seconds: float


@dataclass(frozen=True, kw_only=True)
class JournalEntry:
    """One remote call of an improver and what the engine answered, in the order of `sequence` within the improvement.

    Attributes:
        request: Plain data: None, bool, int, float (any), str (any), bytes, list, dict; tuples come back as lists.
        response: The same.
        spent: What a call of a model cost that was not answered, as `FailedCall` says; None where it cost nothing.
    """

    run_id: str
    improvement_id: str
    sequence: int
    method: str
    request: Any
    response: Any
    spent: Mapping[str, Any] | None = None
    id: int | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class FailedCall:
    """What is counted of a call of a model that was not answered and cost something all the same.

    Attributes:
        improvement_id: The improvement that asked.
        spent: What it cost, see `ledger.spending_document`; with `model`, as the person named it, and `keys`, those
            under which its exchanges are on record.
    """

    improvement_id: str
    spent: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class ReservationRecord:
    """What the next exchange over the network may cost, written before it is sent.

    Attributes:
        id: Assigned by the caller.
        worst: What it can cost at the most, see `ledger.spending_document`.
        is_counted: Whether what it did cost is on record. What is not counted may be paid for.
        is_told: Whether an exchange on record tells of it, be it that its cost is not known.
    """

    id: str
    run_id: str
    worst: Mapping[str, Any]
    is_counted: bool = False
    is_told: bool = False
    created_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ViolationRecord:
    """A try to do what is not allowed; see `errors.Violation`. `created_at` is when it was tried first."""

    run_id: str
    improvement_id: str | None = None
    program: str | None = None
    kind: str
    detail: str
    count: int = 1
    id: int | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ExchangeRecord:
    """One exchange with a language model over the network; the fields between are those of `ledger.Spending`.

    Attributes:
        id: Assigned by the caller, so that answers that point to it need not wait.
        key: What was asked, see `models.answer_book.answer_key`.
        model: As the person named it.
        asked: The ordinals of the samples that it asked for, each with whether what came for it was nothing; None of
            an exchange that failed, and of one of an older version.
    """

    id: str
    run_id: str
    key: str
    model: str
    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_out: int = 0
    tokens_reasoning: int = 0
    cost_usd: float = 0.0
    n_unpriced: int = 0
    n_miscounted: int = 0
    seconds: float = 0.0
    asked: Mapping[str, bool] | None = None
    created_at: datetime | None = None

    @classmethod
    def of(cls, spending: Spending, **given: Any) -> Self:
        """The record of an exchange that cost so much."""
        return cls(**given, **asdict(spending))

    @property
    def spending(self) -> Spending:
        """What it cost."""
        return Spending(**{name: getattr(self, name) for name in SPENDING_FIELDS})


@dataclass(frozen=True, kw_only=True)
class AnswerRecord:
    """One sample of a language model, found again by what was asked; the first that is kept stays.

    Attributes:
        key: What was asked.
        sample: Its ordinal among the samples for that, from 0.
        text: What the model said.
        finish: How it ended, one of `models.Finish`.
        exchange: The id of the exchange that brought it.
    """

    key: str
    sample: int
    text: str
    finish: str
    exchange: str


@dataclass(frozen=True, kw_only=True)
class NoticeRecord:
    """What a person should know of how a run went.

    Attributes:
        kind: A short stable name, such as `resumed`.
        detail: One sentence; text from programs is escaped where it is shown.
    """

    run_id: str
    improvement_id: str | None = None
    kind: str
    detail: str
    id: int | None = None
    created_at: datetime | None = None


def check_value(outcome: Outcome | None, value: float | None) -> None:
    """Nothing; no number stands for a failure.

    Raises:
        ValueError: There is a value without the outcome `ok`, or one that is not finite.
    """
    if outcome is not Outcome.OK and value is not None:
        raise ValueError(f"a value of {value} with the outcome {outcome}: only ok comes with a value")
    if value is not None and not math.isfinite(value):
        raise ValueError(f"a value is finite, not {value}")
