"""Recordings: all answers of a run in one file, written by `export --recording`, read by `replay:FILE`.

A recording is JSON, an object on each line, and may be compressed with gzip. The first line is a `Header`: what made
the answers, and the settings and tasks that they belong to. Each other line is what one request of one improvement
came to. Prompts are not in it; a request is known by its hash. The file is foreign: it is read strictly, within
bounds, and what it says of itself is a claim. Texts are as `store.documents.escape` makes them.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import stat
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from selftaught.errors import ConfigError
from selftaught.models.answers_on_record import AskedBy, CameTo
from selftaught.models.replay import Refused
from selftaught.source import one_line, printable
from selftaught.store.documents import escape, unescape

MAX_FILE_BYTES = 1024 * 1024 * 1024
"""The largest recording that is read, uncompressed: all of it is held in memory."""
MAX_LINE_BYTES = 64 * 1024 * 1024
MAX_LINES = 5_000_000
_GZIP = b"\x1f\x8b"

_Short = Annotated[str, msgspec.Meta(max_length=4096)]
_Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
_Number = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
_Scalar = bool | int | float | _Short | None
_Positive = Annotated[int, msgspec.Meta(ge=1, le=100_000)]


class _Strict(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Unknown fields are refused."""


class RecordedBudget(_Strict):
    """A budget, see `budget.Budget`."""

    calls: _Positive
    responses: _Positive
    utility_calls: _Positive


class RecordedInfo(_Strict):
    """What is said of the model, see `ModelInfo`."""

    name: _Short
    summary: _Short
    is_language_model: bool
    version: _Short
    notice: _Short | None


class Header(_Strict, tag_field="format", tag="selftaught-recording"):
    """The first line.

    Attributes:
        version: Of this format.
        made_by: The version of selftaught that ran.
        run_id: The run that it is of.
        kind: The command that made the run.
        models: What is said of the model that answered, and of the inner model where there was one.
        improvement_budget: What one improvement of a solution may use, where the user says nothing.
        meta_budget: The same of an improver.
        settings: Those that decide what is asked.
        tasks: The sha256 of each task.
        improvers: The sha256 of each improver that the run was given, by its part in it.
        requests: How many lines follow.
    """

    version: Literal[1]
    made_by: _Short
    run_id: _Short
    kind: Literal["run", "improve", "transfer", "compare"]
    models: Annotated[list[RecordedInfo], msgspec.Meta(min_length=1, max_length=2)]
    improvement_budget: RecordedBudget
    meta_budget: RecordedBudget
    settings: dict[_Short, _Scalar]
    tasks: dict[_Short, _Sha256]
    improvers: dict[_Short, _Sha256]
    requests: _Number


class _Asked(_Strict):
    scope: _Short
    improver: _Sha256
    sha256: _Sha256
    ordinal: _Number

    @property
    def asked_by(self) -> AskedBy:
        """Who asked."""
        return AskedBy(
            scope=unescape(self.scope), improver=self.improver, request_sha256=self.sha256, ordinal=self.ordinal
        )


class Answered(_Asked, tag_field="came_to", tag="answers"):
    """A request that was answered: the samples for each of its messages."""

    answers: list[list[str]]


class NotAnswered(_Asked, tag_field="came_to", tag="refusal"):
    """A request that the model did not answer, and what the improver was told."""

    message: str


Line = Answered | NotAnswered


# ---------------------------------------------------------------- writing


def write_recording(path: Path, header: Header, came_to: Iterable[tuple[AskedBy, CameTo]]) -> None:
    """Nothing; writes a recording to a file that does not exist yet, compressed if its name ends in `.gz`.

    Raises:
        OSError: It cannot be written; nothing is left of it.
    """
    try:
        with path.open("xb") as file, _compressed(file, path) as stream:
            stream.write(msgspec.json.encode(header) + b"\n")
            for asked, answers in came_to:
                stream.write(msgspec.json.encode(_line(asked, answers)) + b"\n")
    except FileExistsError:
        raise
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise


@contextlib.contextmanager
def _compressed(file: io.BufferedIOBase, path: Path) -> Iterator[io.BufferedIOBase]:
    if path.suffix != ".gz":
        yield file
        return
    with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as stream:  # equal recordings, equal files
        yield stream


def _line(asked: AskedBy, answers: CameTo) -> Line:
    who: dict[str, Any] = {
        "scope": escape(asked.scope),
        "improver": asked.improver,
        "sha256": asked.request_sha256,
        "ordinal": asked.ordinal,
    }
    if isinstance(answers, Refused):
        return NotAnswered(**who, message=escape(answers.message))
    return Answered(**who, answers=[[escape(text) for text in samples] for samples in answers])


# ---------------------------------------------------------------- reading


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[_Lines]:
    """The lines of a recording, within bounds; whatever is wrong with it is one sentence.

    Raises:
        ConfigError: It cannot be used.
    """
    try:
        with io.FileIO(path, opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as raw:
            if not stat.S_ISREG(os.fstat(raw.fileno()).st_mode):
                raise _unusable(path, "it is not a file")
            buffered = io.BufferedReader(raw)
            is_compressed = buffered.peek(2)[:2] == _GZIP
            stream: io.BufferedIOBase = gzip.GzipFile(fileobj=buffered) if is_compressed else buffered
            yield _Lines(path, stream)
    except (OSError, ValueError) as error:
        raise _unusable(path, str(getattr(error, "strerror", None) or error)) from None
    except (EOFError, zlib.error):
        raise _unusable(path, "its compressed part is damaged or ends too early") from None


def _unusable(path: Path, why: str) -> ConfigError:
    mend = "name another; `selftaught export RUN --recording FILE` makes one"
    return ConfigError(one_line(printable(f"the recording {path} cannot be used: {why:.300}; {mend}")))


class _Lines:
    """The lines of an open recording, one after the other."""

    def __init__(self, path: Path, stream: io.BufferedIOBase) -> None:
        self._path = path
        self._stream = stream
        self._n_bytes = 0
        self._number = 0

    def next(self, kind: Any) -> Any:
        """The next line, which has to be of a kind; None after the last one.

        Raises:
            ConfigError: It is not.
        """
        line = self._stream.readline(MAX_LINE_BYTES + 1)
        self._number += 1
        self._n_bytes += len(line)
        if len(line) > MAX_LINE_BYTES or self._n_bytes > MAX_FILE_BYTES or self._number > MAX_LINES:
            raise self.wrong("it is too long")
        if not line:
            return None
        try:
            return msgspec.json.decode(line, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise self.wrong(str(error)) from None

    def wrong(self, why: str) -> ConfigError:
        """An error that names the line."""
        return _unusable(self._path, f"line {self._number}: {why}")


def read_header(path: Path) -> Header:
    """The header of a recording.

    Raises:
        ConfigError: There is none, or it cannot be used.
    """
    with _opened(path) as lines:
        return _header(lines)


def _header(lines: _Lines) -> Header:
    header = lines.next(Header)
    if not isinstance(header, Header):
        raise lines.wrong("it is empty")
    return header


def read_recording(path: Path) -> tuple[Header, dict[AskedBy, CameTo]]:
    """A recording, whole: its header, and what each request came to.

    Raises:
        ConfigError: It cannot be used.
    """
    came_to: dict[AskedBy, CameTo] = {}
    with _opened(path) as lines:
        header = _header(lines)
        while (line := lines.next(Line)) is not None:
            asked = line.asked_by
            if asked in came_to:
                raise lines.wrong("the same request was there before")
            came_to[asked] = _came_to(line)
        if len(came_to) != header.requests:
            raise lines.wrong(f"{header.requests:,} requests should be there, and {len(came_to):,} are")
    return header, came_to


def _came_to(line: Line) -> CameTo:
    if isinstance(line, NotAnswered):
        return Refused(message=unescape(line.message))
    return [[unescape(text) for text in samples] for samples in line.answers]
