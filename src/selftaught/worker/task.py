"""Role `task`: a task's own `utility.py`, isolated like everything else, and apart from every candidate.

The hidden parts of instances (labels, reference costs) never leave this process; scores do.
"""

from __future__ import annotations

import ast
import copy
import math
import pickle
import random
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from . import program
from .messages import (
    MAX_SCORE,
    REFUSED_AS,
    Inputs,
    InputsRequest,
    ScoreRequest,
    Scores,
    TaskFailure,
    TaskLoaded,
    TaskReply,
    TaskRequest,
    TaskStart,
)
from .wire import Channel, WireError

MAX_DRAWS_KEPT = 64
_MAY_HOLD_ARRAYS = {np.ndarray, list, dict}
MAX_WHOLE_NUMBER = 2**53
"""A whole number in an array beyond this is refused: a float, such as a score, cannot tell it from its neighbours."""


class TaskCodeError(Exception):
    """The task's own code failed; the message is what the engine is told."""


class Instance:
    """One instance; each use by a scorer gets a copy, so what it changes in place is gone afterwards."""

    def __init__(self, arguments: tuple[Any, ...], hidden: Any) -> None:
        self.arguments = arguments
        self._hidden = hidden
        try:
            # The quickest copy, by far. These bytes are made here and never leave this process.
            self._frozen: bytes | None = pickle.dumps((arguments, hidden), pickle.HIGHEST_PROTOCOL)
        except Exception:  # objects of a task may say in any way that they cannot be pickled  # noqa: BLE001
            self._frozen = None

    def copy(self) -> tuple[tuple[Any, ...], Any]:
        """Arguments and hidden part, for one use."""
        try:
            if self._frozen is not None:
                return pickle.loads(self._frozen)  # type: ignore[no-any-return]
            return copy.deepcopy((self.arguments, self._hidden))
        except Exception as error:  # any failure of task code is reported  # noqa: BLE001
            raise TaskCodeError(f"its instances() made what cannot be copied: {program.describe(error)}") from None


def main(channel: Channel, start: object) -> None:
    """Serves inputs and scores until the engine hangs up."""
    order = msgspec.convert(start, TaskStart)
    program.prepare(0)
    try:
        if order.reference is not None:
            program.load(order.reference, "reference")
        task = TaskCode(order.source)
    except (program.ProgramError, TaskCodeError) as error:
        channel.send(TaskFailure(message=str(error)))
        return
    channel.send(TaskLoaded(drive=self_contained(order.source, "drive")))
    while True:
        try:
            request = channel.receive()
        except EOFError:
            return
        _reply(channel, task.serve(msgspec.convert(request, TaskRequest)))


def _reply(channel: Channel, reply: TaskReply) -> None:
    try:
        channel.send(reply)
    except WireError as error:
        channel.send(TaskFailure(message=f"its instances() made arguments that are not plain data: {error}"))


class TaskCode:
    """A loaded `utility.py`, and the draws of instances that it made lately."""

    def __init__(self, source: str) -> None:
        self._namespace = program.load(source, "__utility__")
        for name in ("instances", "score"):
            if not callable(self._namespace.get(name)):
                raise TaskCodeError(f"utility.py does not define the function {name}")
        self._answer_type = self._namespace.get("Answer", Any)
        self._draws: OrderedDict[tuple[str, int, int], list[Instance]] = OrderedDict()

    def serve(self, request: TaskRequest) -> TaskReply:
        """The reply to one request; a failure of the task's code is a `TaskFailure`."""
        try:
            if isinstance(request, InputsRequest):
                return Inputs(inputs=[instance.arguments for instance in self._draw(request)])
            return self._score(request)
        except TaskCodeError as error:
            return TaskFailure(message=str(error))

    def _draw(self, request: TaskRequest) -> list[Instance]:
        key = (request.split, request.rng_seed, request.n_instances)
        if key not in self._draws:
            self._draws[key] = self._make_draw(request)
            if len(self._draws) > MAX_DRAWS_KEPT:
                self._draws.popitem(last=False)
        self._draws.move_to_end(key)
        return self._draws[key]

    def _make_draw(self, request: TaskRequest) -> list[Instance]:
        _set_global_generators(request.rng_seed)
        try:
            made = self._namespace["instances"](request.split, random.Random(request.rng_seed), request.n_instances)
            instances = [_checked_instance(instance) for instance in made]
        except Exception as error:  # any failure of task code is reported  # noqa: BLE001
            raise TaskCodeError(f"its instances() failed: {program.describe(error)}") from None
        if len(instances) != request.n_instances:
            raise TaskCodeError(f"its instances() made {len(instances)} instances, not {request.n_instances}")
        return instances

    def _score(self, request: ScoreRequest) -> Scores:
        scores: list[float | None] = []
        rejected: str | None = None
        instances = self._draw(request)
        for index, (instance, answer) in enumerate(zip(instances, request.answers, strict=False)):
            # A score follows from its own instance and answer alone, whatever was scored before it.
            _set_global_generators(request.rng_seed + index)
            try:
                scores.append(self._score_one(instance, answer))
            except _AnswerRejected as error:
                scores.append(None)
                rejected = rejected or f"instance {index}: {error}"
        return Scores(scores=scores, rejected=rejected)

    def _score_one(self, instance: Instance, answer: Any) -> float:
        typed = _typed(answer, self._answer_type)
        arguments, hidden = instance.copy()
        try:
            score = self._namespace["score"](arguments, hidden, typed)
        except Exception as error:  # a scorer rejects an answer by raising  # noqa: BLE001
            is_rejection = isinstance(error, ValueError)
            reason = str(error) if is_rejection else f"{REFUSED_AS['scorer_failed']} {program.describe(error)}"
            raise _AnswerRejected(reason[: program.MAX_MESSAGE_CHARACTERS]) from None
        if isinstance(score, bool) or not isinstance(score, (int, float, np.integer, np.floating)):
            raise _AnswerRejected(f"{REFUSED_AS['no_score']} {type(score).__name__} instead of a number")
        return _finite(score)


def _set_global_generators(rng_seed: int) -> None:
    """Nothing; task code may use these generators too, and should do the same for the same request."""
    random.seed(rng_seed)
    np.random.seed(rng_seed % 2**32)


def _finite(score: Any) -> float:
    try:
        number = float(score)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _AnswerRejected(f"{REFUSED_AS['no_score']} {number} instead of a finite number")
    if abs(number) > MAX_SCORE:
        raise _AnswerRejected(f"{REFUSED_AS['no_score']} {number}, which is beyond {MAX_SCORE:g}")
    return number


class _AnswerRejected(Exception):
    """An answer is not of the task's type, or its scorer refused it."""


def _typed(answer: Any, answer_type: Any) -> Any:
    try:
        if not _is_finite(answer):
            raise _AnswerRejected(REFUSED_AS["not_finite"])
        if answer_type is np.ndarray:
            return _typed_array(answer)
        if isinstance(answer, np.ndarray):
            answer = answer.tolist()  # where a list is wanted, an array of the right numbers is one
        answer = _with_typed_arrays(answer)
        return msgspec.convert(answer, answer_type, strict=True)
    except MemoryError:
        raise _AnswerRejected(REFUSED_AS["too_much"]) from None
    except (msgspec.ValidationError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise _AnswerRejected(f"{REFUSED_AS['wrong_type']}: {error}") from None


def _with_typed_arrays(answer: Any) -> Any:
    """The answer with each array in it as `_typed_array` makes them."""
    if type(answer) is np.ndarray:
        return _typed_array(answer)
    if type(answer) is list and set(map(type, answer)) & _MAY_HOLD_ARRAYS:
        return [_with_typed_arrays(item) for item in answer]
    if type(answer) is dict and set(map(type, answer.values())) & _MAY_HOLD_ARRAYS:
        return {key: _with_typed_arrays(item) for key, item in answer.items()}
    return answer


def _typed_array(answer: Any) -> Any:
    """An array of bool, int64 or float64, whatever was sent: narrower numbers would wrap around in a scorer."""
    if isinstance(answer, list):
        try:
            answer = np.array(answer)
        except ValueError as error:
            raise _AnswerRejected(f"{REFUSED_AS['no_array']}: {error}") from None
    if not isinstance(answer, np.ndarray) or answer.dtype.kind not in "biuf":
        raise _AnswerRejected(f"{REFUSED_AS['not_numbers']}, not {type(answer).__name__}")
    if answer.dtype.kind == "b":
        return answer
    if answer.dtype.kind == "f":
        return answer.astype(np.float64)
    if ((answer > MAX_WHOLE_NUMBER) | (answer < -MAX_WHOLE_NUMBER)).any():
        raise _AnswerRejected(REFUSED_AS["too_large_a_number"])
    return answer.astype(np.int64)


def _is_finite(answer: Any) -> bool:
    """Whether all numbers in plain data are finite: no comparison holds for NaN, and a scorer that cuts off at the best
    score would give it to an infinity.
    """
    pending: list[Any] = [[answer]]
    while pending:
        items = pending.pop()
        kinds = set(map(type, items))  # most lists hold numbers of one kind: nothing to look at one by one
        if float in kinds and not all(math.isfinite(item) for item in items if type(item) is float):
            return False
        if np.ndarray in kinds and not all(np.isfinite(item).all() for item in items if type(item) is np.ndarray):
            return False
        if list in kinds or tuple in kinds:
            pending.extend(item for item in items if type(item) in (list, tuple))
        if dict in kinds:
            pending.extend(list(part) for item in items if type(item) is dict for part in (item, item.values()))
    return True


def _checked_instance(instance: Any) -> Instance:
    arguments, hidden = instance
    if not isinstance(arguments, (tuple, list)):
        raise TypeError("each instance should be (arguments, hidden) with a tuple of arguments")
    return Instance(tuple(arguments), hidden)


def self_contained(source: str, name: str) -> str | None:
    """The part of a module that the top-level definition `name` needs, as source; None if there is no such name."""
    statements = ast.parse(source).body
    bound = {index: set(_bound_names(statement)) for index, statement in enumerate(statements)}
    wanted, kept = {name}, set[int]()
    if not any(name in names for names in bound.values()):
        return None
    while True:
        more = {index for index, names in bound.items() if names & wanted and index not in kept}
        if not more:
            break
        kept |= more
        for index in more:
            wanted |= {node.id for node in ast.walk(statements[index]) if isinstance(node, ast.Name)}
    kept |= {index for index, statement in enumerate(statements) if _is_future_import(statement)}
    return ast.unparse(ast.Module(body=[statements[index] for index in sorted(kept)], type_ignores=[]))


def _bound_names(statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.FunctionDef() | ast.ClassDef() | ast.AsyncFunctionDef():
            yield statement.name
        case ast.Import() | ast.ImportFrom():
            for alias in statement.names:
                yield (alias.asname or alias.name).split(".")[0]
        case _:
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    yield node.id


def _is_future_import(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
