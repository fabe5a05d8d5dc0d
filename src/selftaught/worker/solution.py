"""Role `solution`: one program under test, called on private copies of the inputs.

The process knows neither labels nor scores. It sends plain data; the engine has it checked and scored elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec

from . import program
from .messages import Answers, Failure, Finished, SolutionStart
from .wire import Channel

# Answers go out together, so that a set of short instances costs one message, yet a program that is killed
# late has delivered what it did before.
FLUSH_SECONDS = 0.05


def main(channel: Channel, start: object) -> None:
    """Sends the answers of the program in `start`, or its failure."""
    order = msgspec.convert(start, SolutionStart)
    printed = program.prepare(order.rng_seed)
    try:
        answer = _answering_function(order)
        _answer_all(channel, answer, order)
    except program.ProgramError as error:
        channel.send(error.failure)
        return
    channel.send(Finished(printed=printed.text()))


def _answering_function(order: SolutionStart) -> Callable[..., Any]:
    drive = program.load(order.drive, "__drive__")["drive"] if order.drive is not None else None
    if order.entry is None:
        candidate: Any = order.source
    else:
        candidate = program.entry_point(program.load(order.source), order.entry)
    if drive is None:
        return candidate  # type: ignore[no-any-return]
    return lambda *arguments: drive(candidate, *arguments)


def _answer_all(channel: Channel, answer: Callable[..., Any], order: SolutionStart) -> None:
    pending: list[Any] = []
    flushed_at = time.monotonic()
    for arguments in order.inputs:
        try:
            pending.append(answer(*arguments))
        except program.ProgramError:
            raise
        except BaseException as error:  # hostile code may raise anything  # noqa: BLE001
            raise program.ProgramError(program.failure_of(error)) from None
        if time.monotonic() - flushed_at > FLUSH_SECONDS:
            _send(channel, pending, order.max_answer_bytes)
            pending = []
            flushed_at = time.monotonic()
    if pending:
        _send(channel, pending, order.max_answer_bytes)


def _send(channel: Channel, answers: list[Any], max_bytes: int) -> None:
    try:
        channel.send(Answers(answers=answers), at_most=max_bytes)
    except MemoryError as error:
        raise program.ProgramError(program.failure_of(error)) from None
    except BaseException as error:  # an object of the program's own may raise anything when it is looked at  # noqa: BLE001
        raise program.ProgramError(Failure(outcome="bad_output", message=program.describe(error))) from None
