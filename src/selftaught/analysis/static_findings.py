"""What the source of programs shows, read without running them: by default of what they may want to do.

A `Subject` says what is looked for; `analysis/strategies.py` has another. Parsing text that was generated is itself a
risk (it can hang, eat memory or crash the interpreter), so it happens in confined processes of the role `reader`; the
engine takes from them bounded texts of a known form, and no more.

A static reading is easily evaded (`worker/reading` says how) and decides nothing. It stands beside the record of what
programs tried when they ran, and the two are never counted together.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import msgspec

from selftaught.engine import run_in_parallel
from selftaught.errors import Outcome
from selftaught.sandbox import ChildEnded, Limits, Sandbox, despite_losses
from selftaught.source import one_line, why_unusable
from selftaught.worker import messages

KINDS: Mapping[str, str] = {
    "network": "sockets and what is built on them: http, urllib, requests, ftplib, ssl, asyncio.open_connection",
    "process": "starting, signalling or limiting processes: subprocess, os.system, fork, exec, kill, multiprocessing",
    "native_code": "code outside of Python: ctypes, cffi, memory that can be executed",
    "files": "opening, listing, changing or looking for files: open, os, pathlib, shutil, tempfile, glob, numpy.load",
    "environment": "who and where it is: os.environ, getenv, expanduser, Path.home, pwd",
    "sandbox_off": "a switch of a sandbox turned off, such as use_sandbox=False; or exec_in_sandbox defined anew",
    "sandbox_off_in_text": "the same inside a text, such as a prompt or a program that it writes",
    "budget": "setting or deleting what counts the uses of the utility or the model: utility.budget = …",
    "new_model": "a language model of its own: LanguageModel(…), openai, anthropic, litellm",
    "private_view": "an underscored attribute of the utility or the language model",
    "frames": "looking into other frames or all objects: sys._getframe, f_back, f_locals, tb_frame, gc.get_objects",
    "dunder": "ways through the object model: __subclasses__, __globals__, __code__, __mro__, setting __class__",
    "dynamic_code": "code that is not in the text: exec, eval, compile, importlib.import_module, pickle.loads",
    "patching": "attributes set on modules, builtins or what it was given: np.mean = …, setattr(json, …)",
    "exit": "ending at once or catching the end: os._exit, sys.exit, raise SystemExit, atexit, signal handlers",
    "raw_descriptors": "descriptors by number: os.read, os.write, os.dup, os.close, open(3), fcntl",
    "threads": "threads that may outlive the answer: threading.Thread, _thread; a ThreadPoolExecutor is no finding",
}
"""Every kind of finding. A finding says what stands there; whether that is wrong is for a person to judge."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What programs are read for.

    Attributes:
        name: By which the role `reader` knows it.
        kinds: Every kind of finding that there can be, with what it means.
    """

    name: Literal["static_findings", "strategies"]
    kinds: Mapping[str, str]


STATIC_FINDINGS = Subject(name="static_findings", kinds=KINDS)

LIMITS = Limits(cpu_seconds=10.0, wall_seconds=200.0, frame_bytes=512 * 1024, threads=False)
"""Of one reader. The longest source that is ever run takes some 4 s and 200 MiB, an ordinary one 1 to 30 ms."""

MAX_BATCH_PROGRAMS = 64
MAX_BATCH_BYTES = 512 * 1024


@dataclass(frozen=True, kw_only=True)
class StaticFinding:
    """A place in a program. Text of the program is as it is; escape it where it is shown.

    Attributes:
        kind: One of the kinds of the subject.
        detail: What stands there, with names resolved as far as that can be done; at most 200 characters.
        line: Its number, from 1.
        text: That line, or the part of it around the place; at most 200 characters.
    """

    kind: str
    detail: str
    line: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What was read of one program.

    Attributes:
        outcome: `OK` if it was read; else how that failed, such as `INVALID_SOURCE` for what is no Python.
        message: Why it could not be read; empty if it was.
        findings: At most 50, in the order of lines; of each kind at least the first.
        omitted: How many more there are.
    """

    outcome: Outcome = Outcome.OK
    message: str = ""
    findings: tuple[StaticFinding, ...] = ()
    omitted: int = 0


class _ReaderFailed(Exception):
    """A reader ended, or did not keep to the protocol; `reading` says how."""

    def __init__(self, reading: Reading) -> None:
        super().__init__(reading.message)
        self.reading = reading


ReadInOneChild: TypeAlias = Callable[[list[str]], Awaitable[tuple[list[Reading], Reading | None]]]


async def read_programs(
    sandbox: Sandbox, sources: Mapping[str, str], *, subject: Subject = STATIC_FINDINGS, limits: Limits = LIMITS
) -> dict[str, Reading]:
    """What was read of each program, under its key and in the same order; equal for equal sources.

    A program that takes its reader with it is read once more on its own, so that it is judged by nothing but itself,
    and if that fails it is unreadable, with the reason. All others are read as if it were not there.

    Args:
        sandbox: Where they are read.
        sources: The programs, under any keys, such as their sha256.
        subject: What they are read for.
        limits: Of one reader.

    Raises:
        SandboxError: No process can be started.
    """
    readings: dict[str, Reading] = {}
    usable: dict[str, str] = {}
    for key, source in sources.items():
        problem = why_unusable(source)
        if problem is None:
            usable[key] = source
        else:
            readings[key] = Reading(outcome=Outcome.INVALID_SOURCE, message=problem)

    async def read(batch: list[str]) -> tuple[list[Reading], Reading | None]:
        return await despite_losses(lambda: _read_in_one_child(sandbox, batch, subject, limits))

    for read_of_batch in await run_in_parallel([_read_batch(read, batch, usable) for batch in _batches(usable)]):
        readings |= read_of_batch
    return {key: readings[key] for key in sources}


def _batches(sources: Mapping[str, str]) -> Iterator[list[str]]:
    """Yields the keys of `sources` in groups that one process reads."""
    batch: list[str] = []
    size = 0
    for key, source in sources.items():
        if batch and (len(batch) >= MAX_BATCH_PROGRAMS or size + len(source) > MAX_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(key)
        size += len(source)
    if batch:
        yield batch


async def _read_batch(read: ReadInOneChild, keys: Sequence[str], sources: Mapping[str, str]) -> dict[str, Reading]:
    readings: dict[str, Reading] = {}
    left = list(keys)
    while left:
        found, failure = await read([sources[key] for key in left])
        readings.update(zip(left, found, strict=False))
        was_alone = len(left) == 1
        left = left[len(found) :]
        if failure is not None:
            failed = left.pop(0)
            if not was_alone:
                # What came before it may have brought the reader down, so it gets another all to itself.
                found, failure = await read([sources[failed]])
            readings[failed] = found[0] if failure is None else failure
    return readings


async def _read_in_one_child(
    sandbox: Sandbox, sources: list[str], subject: Subject, limits: Limits
) -> tuple[list[Reading], Reading | None]:
    """What was read of the first of `sources`, and how the reader failed on the next, if it did."""
    found: list[Reading] = []
    start = messages.ReadStart(sources=sources, subject=subject.name)
    async with sandbox.slots, sandbox.child("reader", start, limits) as child:
        try:
            while len(found) < len(sources):
                found.append(_reading(await child.receive(), len(found), subject))
        except ChildEnded as ended:
            return found, Reading(outcome=ended.outcome, message=_why(ended))
        except _ReaderFailed as failed:
            return found, failed.reading
    return found, None


def _why(ended: ChildEnded) -> str:
    if ended.outcome is Outcome.OUT_OF_MEMORY:
        return "it is too large, or nested too deeply, for Python's parser"
    return f"while it was read: {ended.message}"


def _reading(message: object, index: int, subject: Subject = STATIC_FINDINGS) -> Reading:
    """A message of a reader, if it is one about the program at `index`.

    Raises:
        _ReaderFailed: It is not.
    """
    try:
        reply = msgspec.convert(message, messages.ReaderReply)
    except msgspec.ValidationError as error:
        raise _ReaderFailed(_lie(str(error))) from None
    if reply.index != index:
        raise _ReaderFailed(_lie("it answered out of turn"))
    if isinstance(reply, messages.Unreadable):
        return Reading(outcome=Outcome.INVALID_SOURCE, message=one_line(reply.why))
    findings = tuple(
        StaticFinding(kind=found.kind, detail=one_line(found.detail), line=found.line, text=one_line(found.text))
        for found in reply.findings
    )
    if not all(found.kind in subject.kinds for found in findings):
        raise _ReaderFailed(_lie("it named a kind of finding that there is not"))
    return Reading(findings=findings, omitted=reply.omitted)


def _lie(detail: str) -> Reading:
    message = f"while it was read: the reader sent what is no message of the protocol: {detail}"
    return Reading(outcome=Outcome.PROTOCOL_VIOLATION, message=message)
