"""What the engine and the roles of a worker say to each other, message by message.

Both sides import this module. Every message is one frame of `wire`; the engine decodes what comes from a worker
strictly into these types, so a program under test can at most tell a lie that is well formed.

`msgspec.convert(plain, Kind)` makes a message of what `wire` has decoded, or raises `msgspec.ValidationError`, and
nothing else, for plain data of every kind. Whoever converts on the engine's side catches that, and makes an outcome or
an error of it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

MAX_SAID_CHARACTERS = 500
"""How much of what a program says of its failure, or of a misuse, is kept."""
MAX_PRINTED_CHARACTERS = 4096
"""How much of what a program prints is kept."""
MAX_SCORE = 1e50
"""A score beyond this is refused: sums and squares of scores stay finite."""


class _Message(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A message; unknown fields are refused."""


# ---------------------------------------------------------------- role `solution`


class SolutionStart(_Message):
    """The engine's order: call a program on each of `inputs` and send the answers.

    Attributes:
        source: The program under test.
        entry: The function that it must define; None passes the source text itself to `drive`.
        drive: Source that defines `drive(candidate, *arguments)`, or None to call the entry directly.
        inputs: One tuple of arguments for each instance.
        rng_seed: What the program's random generators start from.
        max_answer_bytes: The largest message of answers that is accepted.
    """

    source: str
    entry: str | None
    drive: str | None
    inputs: list[Any]
    rng_seed: int
    max_answer_bytes: int


class Answers(_Message, tag="answers"):
    """The worker's answers to the next instances, in order."""

    answers: list[Any]


class Failure(_Message, tag="failure"):
    """The worker's word that the program failed.

    Attributes:
        outcome: One of the values of `errors.Outcome` that a worker may name.
        message: One line that says what happened.
    """

    outcome: Literal["invalid_source", "raised", "out_of_memory", "bad_output", "budget_exceeded"]
    message: str


class Finished(_Message, tag="finished"):
    """The worker has sent all answers; `printed` is the start of what the program printed."""

    printed: str


SolutionReply = Answers | Failure | Finished


# ---------------------------------------------------------------- role `task`


class TaskStart(_Message):
    """The engine's order: load a task's `utility.py` and serve requests on it.

    Attributes:
        source: Its text.
        reference: The text of the module `reference` that it may import; the model never sees that one.
    """

    source: str
    reference: str | None = None


class TaskLoaded(_Message, tag="loaded"):
    """The task's code is loaded; `drive` is the part of it that runs beside candidates, self-contained."""

    drive: str | None


class InputsRequest(_Message, tag="inputs"):
    """Asks for the inputs (never the hidden parts) of the draw of instances that `rng_seed` names."""

    split: str
    rng_seed: int
    n_instances: int


class Inputs(_Message, tag="inputs"):
    """One tuple of arguments for each instance of a draw."""

    inputs: list[Any]


class ScoreRequest(_Message, tag="score"):
    """Asks for the scores of answers to a draw of instances; there may be fewer answers than instances."""

    split: str
    rng_seed: int
    n_instances: int
    answers: list[Any]


class Scores(_Message, tag="scores"):
    """The score of each answer, higher is better; `rejected` names the first answer that is none, with the reason."""

    scores: list[float | None]
    rejected: str | None


REFUSED_AS = {
    "not_finite": "the answer holds NaN or an infinity",
    "wrong_type": "the answer has the wrong type",
    "no_array": "the answer is no array",
    "not_numbers": "the answer should be an array of numbers",
    "too_large_a_number": "the answer holds a whole number beyond 2**53",
    "too_much": "the answer takes more memory than there is to score it",
    "scorer_failed": "the scorer raised",
    "no_score": "the scorer returned",
}
"""Why an answer is refused before a task's own check, and how `rejected` goes on after the number of its instance.

Records keep the sentence; whoever reads them later knows the reason by it."""


class TaskFailure(_Message, tag="task_failure"):
    """The task's own code failed."""

    message: str


TaskRequest = InputsRequest | ScoreRequest
TaskReply = TaskLoaded | Inputs | Scores | TaskFailure


# ---------------------------------------------------------------- role `improver`


class ImproverStart(_Message):
    """The engine's order: run an improver once.

    Attributes:
        source: The improver's program.
        initial_solution: What it should improve.
        utility_description: What `utility.str` says.
        utility_budget: How often the utility may be used.
        calls_budget: How often the language model may be called.
        max_responses_per_call: The largest number of samples in one call.
        rng_seed: What the program's random generators start from.
    """

    source: str
    initial_solution: str
    utility_description: str
    utility_budget: int
    calls_budget: int
    max_responses_per_call: int
    rng_seed: int


class PromptRequest(_Message, tag="prompt"):
    """A call of the language model: `n_responses` samples for each message of `messages`."""

    id: int
    expertise: str
    messages: list[str]
    n_responses: int
    temperature: float


class UtilityRequest(_Message, tag="utility", omit_defaults=True):
    """A use of the utility.

    Attributes:
        id: Its number within the improvement.
        solution: What is to be valued.
        use_sandbox: What the program said of the flag that it may give; None if nothing. It changes nothing.
    """

    id: int
    solution: str
    use_sandbox: bool | None = None


class ViolationNotice(_Message, tag="violation"):
    """The worker's interface was used in a way that is not allowed; it had no effect."""

    kind: Literal["read_only_view", "new_language_model"]
    detail: str


class Result(_Message, tag="result"):
    """What the improver returned."""

    solution: str


ImproverReply = PromptRequest | UtilityRequest | ViolationNotice | Result | Failure


class PromptResponse(_Message, tag="prompt"):
    """The samples, in the order of the messages; `times_used` counts the calls so far."""

    id: int
    answers: list[str]
    times_used: int


class UtilityResponse(_Message, tag="utility"):
    """The utility of a solution; None where it failed. `uses` counts the uses so far."""

    id: int
    value: float | None
    uses: int


class Refusal(_Message, tag="refusal"):
    """A request that was not served: over budget, not allowed by the interface, or the model did not answer."""

    id: int
    kind: Literal["budget", "interface", "model"]
    message: str


ImproverAnswer = PromptResponse | UtilityResponse | Refusal


# ---------------------------------------------------------------- role `proposer`


class ProposerStart(_Message):
    """The engine's order: `n_responses` answers of the embedded proposer to one message.

    With `expressions_only` it changes numbers and expressions, and nothing else.
    """

    message: str
    n_responses: int
    temperature: float
    rng_seed: int
    expressions_only: bool = False


class Proposals(_Message, tag="proposals"):
    """The proposer's answers."""

    answers: list[str]


# ---------------------------------------------------------------- role `reader`

MAX_FINDINGS = 50
"""The most that one program is told of; of each kind at least the first is kept."""
MAX_FINDING_CHARACTERS = 200
_ShortText = Annotated[str, msgspec.Meta(max_length=MAX_FINDING_CHARACTERS)]


class ReadStart(_Message):
    """The engine's order: read programs, without running them, and say what `subject` finds in each."""

    sources: list[str]
    subject: Literal["static_findings", "strategies"]


class Finding(_Message):
    """A place in a program.

    Attributes:
        kind: What it shows, one of the names that belong to the subject.
        detail: What stands there, with names resolved as far as that can be done.
        line: Its number, from 1.
        text: That line, or the part of it around the place.
    """

    kind: _ShortText
    detail: _ShortText
    line: Annotated[int, msgspec.Meta(ge=1)]
    text: _ShortText


class Reading(_Message, tag="reading"):
    """What was found in the source at `index`, in the order of lines; `omitted` more places are not told."""

    index: int
    findings: Annotated[list[Finding], msgspec.Meta(max_length=MAX_FINDINGS)]
    omitted: Annotated[int, msgspec.Meta(ge=0)]


class Unreadable(_Message, tag="unreadable"):
    """The source at `index` could not be read."""

    index: int
    why: _ShortText


ReaderReply = Reading | Unreadable
