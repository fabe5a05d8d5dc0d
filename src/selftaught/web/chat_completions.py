"""The words of OpenAI's chat completions, as far as they are served: what a request asks, and what is sent back.

What is asked and cannot be done is refused. Of the fields that do not change which answer is right (`top_p`, penalties,
`user`, …) nothing is read.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pydantic

from selftaught.models import Finish, Reply, Sample
from selftaught.validation import first_complaint

MAX_SAMPLES = 128
MAX_TEMPERATURE = 10.0
"""As high as an improver may ask; the original ends at 2."""

BYTES_PER_TOKEN = 4
"""No model that is served here tells its tokens, so a token is four bytes of UTF-8, the last one begun."""

TELLING = ("system", "developer")
"""The roles whose texts are the expertise."""

TEXT_ALONE = ("tools", "functions", "logprobs")
"""The fields that ask for what no model that is served here can give."""

Document = dict[str, Any]


class Complaint(Exception):
    """Why a request is not answered, as a client is told.

    Attributes:
        status: The status of HTTP.
        message: What is wrong, in a sentence.
        kind: OpenAI's word for it.
        code: A shorter word, where OpenAI has one.
        field: Which field of the request is meant.
        retry_after_seconds: When asking again may help; None where it does not.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        field: str | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.kind = kind
        self.code = code
        self.field = field
        self.retry_after_seconds = retry_after_seconds

    @property
    def document(self) -> Document:
        """What is sent."""
        return {"error": {"message": self.message, "type": self.kind, "param": self.field, "code": self.code}}

    @property
    def headers(self) -> dict[str, str]:
        """What is sent beside it; clients of OpenAI's try again by themselves unless they are told not to."""
        if self.retry_after_seconds is None:
            return {"x-should-retry": "false"}
        return {"retry-after": str(self.retry_after_seconds)}


class _Wire(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="ignore", frozen=True, strict=True)


class _TextPart(_Wire):
    type: Literal["text"]
    text: str


class _Message(_Wire):
    role: Literal["system", "developer", "user", "assistant"]
    content: str | Annotated[list[_TextPart], pydantic.Field(max_length=1000)]

    @property
    def text(self) -> str:
        if isinstance(self.content, str):
            return self.content
        return "".join(part.text for part in self.content)


class _ResponseFormat(_Wire):
    type: Literal["text"]


class _StreamOptions(_Wire):
    include_usage: bool = False


_MaxTokens = Annotated[int, pydantic.Field(ge=1)] | None


class _Body(_Wire):
    model: str
    messages: Annotated[list[_Message], pydantic.Field(min_length=1, max_length=1000)]
    n: Annotated[int, pydantic.Field(ge=1, le=MAX_SAMPLES)] | None = None
    temperature: Annotated[float, pydantic.Field(ge=0, le=MAX_TEMPERATURE, allow_inf_nan=False)] | None = None
    seed: Annotated[int, pydantic.Field(ge=-(2**63), lt=2**64)] | None = None
    max_tokens: _MaxTokens = None
    max_completion_tokens: _MaxTokens = None
    stop: str | Annotated[list[str], pydantic.Field(max_length=16)] | None = None
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    # Asking for these is asking for what cannot be given; leaving them empty is not.
    tools: Annotated[list[Any], pydantic.Field(max_length=0)] | None = None
    functions: Annotated[list[Any], pydantic.Field(max_length=0)] | None = None
    logprobs: Literal[False] | None = None
    response_format: _ResponseFormat | None = None
    modalities: Annotated[list[Literal["text"]], pydantic.Field(max_length=1)] | None = None


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a request asks of a model, in our words.

    Attributes:
        model: Which one.
        expertise: The texts of the system messages.
        message: The user message; where there are more turns, all of them, each under its role.
        n_samples: How many samples.
        temperature: How varied they are, in `[0, 10]`.
        rng_seed: What they are drawn from, in `[0, 2**64)`; None if the request has no `seed`.
        max_tokens: Where each is cut off; None for nowhere.
        stops: Texts, each of which ends a sample where it begins.
        is_streamed: Whether the answer is to be a stream of events.
        with_usage: Whether the stream ends with what was used.
        n_tokens: The length of all messages.
    """

    model: str
    expertise: str
    message: str
    n_samples: int
    temperature: float
    rng_seed: int | None
    max_tokens: int | None
    stops: tuple[str, ...]
    is_streamed: bool
    with_usage: bool
    n_tokens: int


def read_question(body: bytes) -> Question:
    """The question in the body of a request.

    Raises:
        Complaint: It is no JSON, something is missing or out of range, or it cannot be done.
    """
    try:
        read = _Body.model_validate_json(body)
    except pydantic.ValidationError as error:
        raise _complaint_of(error) from None
    told = [message for message in read.messages if message.role in TELLING]
    turns = [message for message in read.messages if message.role not in TELLING]
    if not any(message.role == "user" for message in turns):
        raise Complaint(400, "messages: there is no message of the role user", field="messages")
    given = [most for most in (read.max_tokens, read.max_completion_tokens) if most is not None]
    return Question(
        model=read.model,
        expertise="\n\n".join(message.text for message in told),
        message=_joined(turns),
        n_samples=1 if read.n is None else read.n,
        temperature=1.0 if read.temperature is None else read.temperature,
        rng_seed=None if read.seed is None else read.seed % 2**64,
        max_tokens=min(given) if given else None,
        stops=tuple(stop for stop in _listed(read.stop) if stop),
        is_streamed=bool(read.stream),
        with_usage=read.stream_options is not None and read.stream_options.include_usage,
        n_tokens=sum(n_tokens(message.text) for message in read.messages),
    )


def _complaint_of(error: pydantic.ValidationError) -> Complaint:
    first = error.errors(include_url=False)[0]
    if first["type"] == "json_invalid":
        return Complaint(400, f"the body is no JSON: {first['msg'].removeprefix('Invalid JSON: ')}")
    field = ".".join(map(str, first["loc"])) or None
    if field in TEXT_ALONE:
        return Complaint(400, f"{field}: this server answers with text alone, so leave it out", field=field)
    return Complaint(400, first_complaint(error, as_flag=False), field=field)


def _joined(turns: Sequence[_Message]) -> str:
    if len(turns) == 1:
        return turns[0].text
    return "\n\n".join(f"{turn.role}:\n\n{turn.text}" for turn in turns)


def _listed(stop: str | list[str] | None) -> list[str]:
    return [stop] if isinstance(stop, str) else stop or []


def n_tokens(text: str) -> int:
    """The length of a text in tokens, as they are counted here."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // BYTES_PER_TOKEN)


def as_asked(sample: Sample, question: Question) -> Sample:
    """A sample, ended where the question says that it should end."""
    text = sample.text
    for stop in question.stops:
        text = text.partition(stop)[0]
    if question.max_tokens is None or n_tokens(text) <= question.max_tokens:
        return sample if text == sample.text else Sample(text=text)
    kept = text.encode("utf-8", "surrogatepass")[: question.max_tokens * BYTES_PER_TOKEN]
    return Sample(text=kept.decode("utf-8", "ignore"), finish=Finish.CUT_OFF)


def completion(question: Question, reply: Reply, *, version: str, created: int) -> Document:
    """The document of a whole answer.

    Args:
        question: What was asked.
        reply: What came of it.
        version: The model's; a client can see by it that the same `seed` may give something else.
        created: Seconds since 1970.
    """
    samples = [as_asked(sample, question) for sample in reply.samples]
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion",
        "created": created,
        "model": question.model,
        "system_fingerprint": f"{question.model}-{version}",
        "choices": [_choice(index, sample) for index, sample in enumerate(samples)],
        "usage": _usage(question, samples),
    }


def _choice(index: int, sample: Sample) -> Document:
    refused = sample.finish is Finish.REFUSED
    message = {
        "role": "assistant",
        "content": None if refused else sample.text,
        "refusal": "the model would not answer" if refused else None,
    }
    finish = "length" if sample.finish is Finish.CUT_OFF else "stop"
    return {"index": index, "message": message, "logprobs": None, "finish_reason": finish}


def _usage(question: Question, samples: Sequence[Sample]) -> Document:
    received = sum(n_tokens(sample.text) for sample in samples)
    return {
        "prompt_tokens": question.n_tokens,
        "completion_tokens": received,
        "total_tokens": question.n_tokens + received,
    }


def events(document: Document, *, with_usage: bool) -> Iterator[str]:
    """The same answer as server-sent events: role, text and end of each choice, the usage if wanted, and the mark."""
    shared = {**document, "object": "chat.completion.chunk"}
    del shared["usage"]
    if with_usage:
        shared["usage"] = None
    for choice in document["choices"]:
        message = choice["message"]
        deltas: list[tuple[Document, str | None]] = [
            ({"role": "assistant", "content": ""}, None),
            ({name: message[name] for name in ("content", "refusal") if message[name] is not None}, None),
            ({}, choice["finish_reason"]),
        ]
        for delta, finish in deltas:
            made = {"index": choice["index"], "delta": delta, "logprobs": None, "finish_reason": finish}
            yield _event({**shared, "choices": [made]})
    if with_usage:
        yield _event({**shared, "choices": [], "usage": document["usage"]})
    yield "data: [DONE]\n\n"


def _event(document: Document) -> str:
    return f"data: {json.dumps(document)}\n\n"
