"""How things may end: outcomes of untrusted programs (data), and errors of our side (exceptions).

    SelfTaughtError
    ├── ConfigError            the call was wrong; nothing was spent (exit code 2)
    ├── BudgetExceeded         which budget, how much was used, what the limit is
    ├── RunBudgetExceeded      the run may not spend more: it ends, and can be resumed with a larger budget
    ├── LanguageModelError     the model did not answer; `retryable` says whether asking again may help
    │   └── LanguageModelUnavailable   it cannot be reached, or its key does not serve: the run ends, and can be resumed
    ├── SandboxError           isolation could not be set up: stop (never caused by a program under test)
    ├── StoreError             the store cannot be read or written
    │   └── StoreUnavailable   for now: it is locked, read-only or out of room; the run ends, and can be resumed
    └── TaskError              a task's own code failed (its instances or its scorer)

What a failing solution or improver does is never an exception here: it is an `Outcome`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import UTC, datetime


class Outcome(enum.StrEnum):
    """Every way in which the use of an untrusted program may end. Only `OK` comes with a value."""

    OK = "ok"
    INVALID_SOURCE = "invalid_source"
    """It is empty, too long, not valid text, does not compile, or lacks the entry point."""
    RAISED = "raised"
    """It raised an exception."""
    TIMED_OUT = "timed_out"
    """It used up its CPU time, or the hard limit on wall time."""
    OUT_OF_MEMORY = "out_of_memory"
    """It asked for more memory than its limit."""
    BAD_OUTPUT = "bad_output"
    """It returned something of the wrong type, shape or range, or not a finite number."""
    EXITED = "exited"
    """Its process ended without an answer: `os._exit`, a crash, a signal."""
    VIOLATION = "violation"
    """It tried a forbidden system call and was killed for it."""
    PROTOCOL_VIOLATION = "protocol_violation"
    """It sent bytes that are not a message of the protocol."""
    BUDGET_EXCEEDED = "budget_exceeded"
    """It went over a budget and did not catch the exception."""


@dataclass(frozen=True, kw_only=True)
class Violation:
    """A try to do what is not allowed.

    Attributes:
        kind: A short stable name, one of `VIOLATION_KINDS`.
        detail: One line that says what was tried; text from the program is escaped where it is shown.
        count: How often the same was tried.
        at: When first, in UTC. Two violations that differ only in this are equal.
    """

    kind: str
    detail: str
    count: int = 1
    at: datetime = field(default_factory=lambda: datetime.now(UTC), compare=False)


VIOLATION_KINDS = {
    "system_call": "a system call that ends the process",
    "file": "a path outside of what Python needs, or any change of a file",
    "socket": "a socket, or a message to an address",
    "process": "a new process, another program, a signal to another process",
    "refused_call": "any other system call that is not on the list",
    "refusal_flood": "more system calls, refused ones or such as the engine must look at, than are answered",
    "threads": "more threads than a program may have",
    "protocol": "bytes that are no message of the protocol, or a message out of turn",
    "request_flood": "more requests at once than are served",
    "read_only_view": "a change of what is only a view",
    "new_language_model": "a language model of its own",
    "sandbox_off": "a use of the utility with the flag use_sandbox off; the flag changes nothing",
    "budget": "a use beyond a budget",
}
"""Every kind of violation, and what it stands for."""


class SelfTaughtError(Exception):
    """The root of all errors of this package; the message is one sentence with the mend."""


class ConfigError(SelfTaughtError):
    """The call was wrong; raised before anything is spent."""


class BudgetExceeded(SelfTaughtError):
    """A budget is used up.

    Attributes:
        budget: Which one, such as `calls` or `utility_calls`.
        used: How much of it is used.
        limit: How much there was.
    """

    def __init__(self, budget: str, used: float, limit: float) -> None:
        super().__init__(f"the budget of {budget} is used up: {used:g} of {limit:g}")
        self.budget = budget
        self.used = used
        self.limit = limit


class RunBudgetExceeded(SelfTaughtError):
    """The run has spent what it may. No improver is told: the run ends, with the mend in the message.

    Attributes:
        budget: Which one: `money`, `tokens` or `time`.
        used: How much of it is used.
        limit: How much there was.
    """

    def __init__(self, message: str, *, budget: str, used: float, limit: float) -> None:
        super().__init__(message)
        self.budget = budget
        self.used = used
        self.limit = limit


class LanguageModelError(SelfTaughtError):
    """The language model did not answer a request; the improver that made it is told, and may go on."""

    def __init__(self, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.retryable = retryable


class LanguageModelUnavailable(LanguageModelError):
    """The language model cannot be had at all: no improver is to blame, so the run ends, and says the mend."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=True)


class SandboxError(SelfTaughtError):
    """The isolation could not be set up; the mend is in the message."""


class IsolationWarning(UserWarning):
    """The isolation is weaker than it could be; the message names cause and mend."""


class StoreWarning(UserWarning):
    """The store is in a place where it may come to harm, or was brought up to date; the message says what follows."""


class ModelWarning(UserWarning):
    """A model cannot be told something that was asked for; the message says what becomes of it."""


class StoreError(SelfTaughtError):
    """The store cannot be read or written; the mend is in the message."""


class StoreUnavailable(StoreError):
    """The store cannot be read or written for now, as it is locked, read-only or out of room; nothing in it is lost."""


class TaskError(SelfTaughtError):
    """A task's own code failed: its instances, its scorer, or its files."""
