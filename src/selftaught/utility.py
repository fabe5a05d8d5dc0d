"""Utilities: how good a solution is. A candidate runs in one process, its answers are scored in another.

engine ──inputs──► candidate's process ──answers──► engine ──answers──► task's process ──scores──► engine
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from selftaught.errors import Outcome, TaskError, Violation
from selftaught.interrupts import in_flight
from selftaught.sandbox import Child, ChildEnded, Limits, Sandbox, WorkerLost, despite_losses
from selftaught.single_flight import SingleFlight
from selftaught.source import rng_seed_of, sha256_of, why_unusable
from selftaught.task_definition import Split, Task
from selftaught.telemetry import step
from selftaught.worker import wire
from selftaught.worker.messages import (
    MAX_PRINTED_CHARACTERS,
    MAX_SAID_CHARACTERS,
    MAX_SCORE,
    Answers,
    Failure,
    Finished,
    Inputs,
    InputsRequest,
    ScoreRequest,
    Scores,
    SolutionReply,
    SolutionStart,
    TaskFailure,
    TaskLoaded,
    TaskReply,
    TaskStart,
)

TASK_CODE_LIMITS = Limits(cpu_seconds=1e6, wall_seconds=1e6, memory_bytes=2 * 1024**3)
"""A task's process lives as long as its run; each request to it has `TASK_REQUEST_SECONDS`."""

TASK_REQUEST_SECONDS = 60.0
MAX_EVALUATIONS_KEPT = 4096
"""Evaluations that are held in memory; what was asked for before that is looked up on record."""

MAX_DRAWS_KEPT = 64
"""Draws whose inputs are held ready; each improvement has its own, and uses it until it ends."""

MAX_INPUT_BYTES_KEPT = 64 * 1024 * 1024
"""What these may take together, whatever a task sends; the draw that was used last is kept in any case."""

WALL_PER_CPU_SECOND = 20.0
"""A candidate may wait for a core this much longer than it may compute; machines are shared."""


@dataclass(frozen=True, kw_only=True)
class Draw:
    """Which instances: a split, and the name of one draw of it. Equal draws, equal instances.

    Attributes:
        split: Which split.
        key: What the draw is for.
        rng_seed: The run's.
    """

    split: Split
    key: str
    rng_seed: int


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """How one use of a utility ended.

    Attributes:
        outcome: `OK` exactly if there is a value.
        message: What went wrong, in one line; empty if nothing did.
        value: The mean of the scores, higher is better; None unless the outcome is `OK`.
        scores: The score of each instance that was answered before a failure, or of all.
        cpu_seconds: What the candidate's process used.
        violations: What the candidate tried and may not.
        printed: The start of what the candidate printed.
    """

    outcome: Outcome
    message: str = ""
    value: float | None = None
    scores: tuple[float | None, ...] = ()
    cpu_seconds: float = 0.0
    violations: tuple[Violation, ...] = ()
    printed: str = ""


EvaluationObserver = Callable[[Task, Draw, str, Evaluation], Awaitable[None]]
"""Called with every evaluation that was really run, before anyone learns its value."""

Recall = Callable[[Task, Draw, str, bool], Awaitable[Evaluation | None]]
"""Asked before a solution is run: how the same did on the same draw before, as far as that is on record.

The last argument says whether that can have been in this life of the run; if not, it was in an earlier one.
"""

TaskObserver = Callable[[Task, tuple[Violation, ...]], None]
"""Called with what a task's own code tried and may not, each different thing once."""


class TaskWorker:
    """A task's own code, at work in its process: makes instances and scores answers."""

    drive: str | None
    """What runs beside candidates; None if nothing does."""
    _child: Child

    def __init__(self, sandbox: Sandbox, task: Task, stack: contextlib.AsyncExitStack, observer: TaskObserver) -> None:
        self._sandbox = sandbox
        self._task = task
        self._stack = stack
        self._observer = observer
        self._reported: set[tuple[str, str]] = set()
        self._lock = asyncio.Lock()
        self._exchanges: set[asyncio.Task[TaskReply]] = set()

    @classmethod
    async def start(
        cls, sandbox: Sandbox, task: Task, stack: contextlib.AsyncExitStack, observer: TaskObserver
    ) -> TaskWorker:
        """The worker of a task; it lives as long as `stack`.

        Raises:
            TaskError: The task's code cannot be loaded.
        """
        worker = cls(sandbox, task, stack, observer)
        await despite_losses(worker._load)
        stack.push_async_callback(worker.close)
        return worker

    async def _load(self) -> None:
        """Nothing; the task's code is loaded in a process of its own."""
        start = TaskStart(source=self._task.utility_source, reference=self._task.reference_source)
        self._child = await self._stack.enter_async_context(self._sandbox.child("task", start, TASK_CODE_LIMITS))
        try:
            async with _patience(self._child, self._task):
                loaded = await _receive_from_task(self._child, self._task)
            _check(self._child, self._task, "" if isinstance(loaded, TaskLoaded) else OUT_OF_TURN)
        finally:
            self._report()
        assert isinstance(loaded, TaskLoaded)
        self.drive = loaded.drive

    async def close(self) -> None:
        """Nothing; afterwards no request is under way."""
        for exchange in self._exchanges:
            exchange.cancel()
        await asyncio.gather(*self._exchanges, return_exceptions=True)

    async def inputs(self, draw: Draw) -> list[Any]:
        """The arguments of each instance of a draw; the hidden parts stay where they are."""
        reply = await self._ask(InputsRequest(**self._names(draw)))
        assert isinstance(reply, Inputs)
        return reply.inputs

    async def scores(self, draw: Draw, answers: list[Any]) -> Scores:
        """The score of each answer to a draw."""
        reply = await self._ask(ScoreRequest(**self._names(draw), answers=answers))
        assert isinstance(reply, Scores)
        return reply

    def _names(self, draw: Draw) -> dict[str, Any]:
        return {
            "split": draw.split,
            "rng_seed": rng_seed_of("instances", self._task.name, draw.split, draw.key, draw.rng_seed),
            "n_instances": self._task.n_instances(draw.split),
        }

    async def _ask(self, request: InputsRequest | ScoreRequest) -> TaskReply:
        # Whoever asks may be cancelled; the reply has to be taken all the same, or the next one would get it.
        exchange = asyncio.create_task(self._exchange(request))
        self._exchanges.add(exchange)
        exchange.add_done_callback(self._exchanges.discard)
        exchange.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(exchange)

    async def _exchange(self, request: InputsRequest | ScoreRequest) -> TaskReply:
        async with self._lock:
            return await despite_losses(lambda: self._send_and_receive(request))

    async def _send_and_receive(self, request: InputsRequest | ScoreRequest) -> TaskReply:
        try:
            async with _patience(self._child, self._task):
                await _send_to_task(self._child, self._task, request)
                reply = await _receive_from_task(self._child, self._task)
            _check(self._child, self._task, _why_no_reply(request, reply))
            return reply
        except WorkerLost:
            await self._load()
            raise
        finally:
            self._report()

    def _report(self) -> None:
        """Tells the observer what the task's code has tried since the last time."""
        new = tuple(tried for tried in self._child.violations if (tried.kind, tried.detail) not in self._reported)
        self._reported.update((tried.kind, tried.detail) for tried in new)
        if new:
            self._observer(self._task, new)


@contextlib.asynccontextmanager
async def _patience(child: Child, task: Task) -> AsyncIterator[None]:
    """Nothing; a task's process that is too slow is ended, so that no late reply is taken for another's."""
    try:
        async with asyncio.timeout(TASK_REQUEST_SECONDS):
            yield
    except TimeoutError:
        child.abandon()
        raise TaskError(f"the utility of task {task.name} took more than {TASK_REQUEST_SECONDS:g} s") from None


async def _send_to_task(child: Child, task: Task, message: object) -> None:
    try:
        await child.send(message)
    except ChildEnded as ended:
        raise TaskError(f"the utility of task {task.name} ended: {ended.message}") from None


async def _receive_from_task(child: Child, task: Task) -> TaskReply:
    try:
        reply: TaskReply = msgspec.convert(await child.receive(), TaskReply)
    except ChildEnded as ended:
        raise TaskError(f"the utility of task {task.name} ended: {ended.message}") from None
    except msgspec.ValidationError as error:
        _check(child, task, f"{error}"[:MAX_SAID_CHARACTERS])
        raise
    if isinstance(reply, TaskFailure):
        raise TaskError(f"the utility of task {task.name} failed: {reply.message[:MAX_SAID_CHARACTERS]}")
    return reply


OUT_OF_TURN = "a message out of turn"


def _check(child: Child, task: Task, problem: str) -> None:
    """Nothing, if there is no problem with what a task's process sent; else it is put on record.

    Raises:
        TaskError: There is one.
    """
    if problem:
        child.note_violation("protocol", f"it sent what is no reply: {problem}")
        raise TaskError(f"the utility of task {task.name} sent what is no reply: {problem}") from None


def _why_no_reply(request: InputsRequest | ScoreRequest, reply: TaskReply) -> str:
    """Why a reply is none to a request; empty if it is one. A task's code can send whatever it likes in its process."""
    if isinstance(request, InputsRequest):
        if not isinstance(reply, Inputs):
            return OUT_OF_TURN
        n_inputs, n_asked = len(reply.inputs), request.n_instances
        return "" if n_inputs == n_asked else f"{n_inputs} inputs, not {n_asked}"
    if not isinstance(reply, Scores):
        return OUT_OF_TURN
    if len(reply.scores) != len(request.answers):
        return f"{len(reply.scores)} scores for {len(request.answers)} answers"
    if not all(score is None or abs(score) <= MAX_SCORE for score in reply.scores):
        return "a score that is no finite number"
    if None in reply.scores and reply.rejected is None:
        return "no score, and no reason"
    return ""


@dataclass(kw_only=True)
class Utility:
    """The utility of a task: a callable on solutions, and the description that a language model sees.

    Attributes:
        task: The task.
        worker: The process that makes its instances and scores.
        sandbox: Where candidates run.
        observer: Hears of every evaluation that was really run.
        recall: Knows those that need not be run again.
    """

    task: Task
    worker: TaskWorker
    sandbox: Sandbox
    observer: EvaluationObserver
    recall: Recall
    _known: SingleFlight[tuple[str, Draw], Evaluation] = field(
        default_factory=lambda: SingleFlight(n_kept=MAX_EVALUATIONS_KEPT)
    )
    _inputs: OrderedDict[Draw, _PackedInputs] = field(default_factory=OrderedDict)

    async def evaluate(self, solution: str, draw: Draw) -> Evaluation:
        """How a solution does on a draw. What is known or on record is not run again; equal for equal arguments.

        Raises:
            TaskError: The task's own code failed.
        """
        key = (sha256_of(solution), draw)
        return await self._known.get(key, lambda: self._run_score_and_report(solution, draw))

    async def close(self) -> None:
        """Nothing; afterwards no evaluation is under way."""
        await self._known.close()

    async def _run_score_and_report(self, solution: str, draw: Draw) -> Evaluation:
        known = await self.recall(self.task, draw, solution, self._known.has_forgotten)
        if known is not None:
            return known
        async with in_flight():
            facts = {"task": self.task.name, "split": draw.split, "draw": draw.key, "solution": sha256_of(solution)}
            with step("evaluation", **facts) as told:
                evaluation = await self._run_and_score(solution, draw)
                told.note(
                    outcome=str(evaluation.outcome),
                    message=evaluation.message or None,
                    value=evaluation.value,
                    cpu_seconds=evaluation.cpu_seconds,
                )
            await self.observer(self.task, draw, solution, evaluation)
        return evaluation

    async def _run_and_score(self, solution: str, draw: Draw) -> Evaluation:
        problem = why_unusable(solution)
        if problem:
            return Evaluation(outcome=Outcome.INVALID_SOURCE, message=problem)
        inputs = await self._inputs_of(draw)
        async with self.sandbox.slots:
            run = await despite_losses(lambda: self._run(solution, draw, inputs))
        scored = await self.worker.scores(draw, run.answers[: inputs.n_instances])
        evaluation = replace(run.evaluation, scores=tuple(scored.scores))
        if evaluation.outcome is not Outcome.OK:
            return evaluation
        if scored.rejected is not None:
            return replace(evaluation, outcome=Outcome.BAD_OUTPUT, message=scored.rejected[:MAX_SAID_CHARACTERS])
        if len(run.answers) != inputs.n_instances:
            message = f"it answered {len(run.answers)} of {inputs.n_instances} instances"
            return replace(evaluation, outcome=Outcome.BAD_OUTPUT, message=message)
        values = [score for score in scored.scores if score is not None]
        return replace(evaluation, value=sum(values) / len(values))

    async def _inputs_of(self, draw: Draw) -> _PackedInputs:
        """The inputs of a draw, in the form in which every candidate gets its own copy; those used lately are kept."""
        if draw not in self._inputs:
            inputs = await self.worker.inputs(draw)
            self._inputs[draw] = _PackedInputs(n_instances=len(inputs), packed=wire.packed(inputs))
        self._inputs.move_to_end(draw)
        while len(self._inputs) > MAX_DRAWS_KEPT or (
            len(self._inputs) > 1 and self._input_bytes > MAX_INPUT_BYTES_KEPT
        ):
            self._inputs.popitem(last=False)
        return self._inputs[draw]

    @property
    def _input_bytes(self) -> int:
        return sum(memoryview(inputs.packed).nbytes for inputs in self._inputs.values())

    async def _run(self, solution: str, draw: Draw, inputs: _PackedInputs) -> _CandidateRun:
        start = SolutionStart(
            source=solution,
            entry=self.task.entry,
            drive=self.worker.drive,
            inputs=inputs.packed,
            rng_seed=rng_seed_of("solution", draw.key, draw.rng_seed),
            max_answer_bytes=self.task.answer_bytes,
        )
        cpu_seconds = self.task.cpu_seconds_on(draw.split)
        limits = Limits(
            cpu_seconds=cpu_seconds,
            wall_seconds=cpu_seconds * WALL_PER_CPU_SECOND + 1.0,
            memory_bytes=self.task.memory_bytes,
            frame_bytes=self.task.answer_bytes,
        )
        async with self.sandbox.child("solution", start, limits) as child:
            return await _answers_of(child, at_most=inputs.n_instances)

    @property
    def description(self) -> str:
        """What the language model is told: the code that scores, and the limits that are enforced."""
        task = self.task
        if task.shown_source is not None:
            return task.shown_source
        program = f"a Python program (standard library and numpy) that defines the function {task.entry}"
        return (
            f'"""{task.summary}.\n\n'
            f"A solution is {program if task.entry else 'a text; the code below is given it as it is'}.\n"
            f"Its utility is the mean score over {task.n_validation} instances; higher is better.\n"
            f"Score 1: {task.reference_best}. Score 0: {task.reference_trivial}.\n"
            f"A solution that fails has no utility. It runs without network and files.\n"
            '"""\n'
            f"CPU_SECONDS_FOR_ALL_INSTANCES = {task.cpu_seconds}\n"
            f"MEMORY_MIB = {task.memory_bytes // (1024 * 1024)}\n\n"
            f"{task.utility_source.strip()}\n"
        )


@contextlib.asynccontextmanager
async def open_utility(
    task: Task,
    sandbox: Sandbox,
    observer: EvaluationObserver | None = None,
    task_observer: TaskObserver = lambda _task, _violations: None,
    recall: Recall | None = None,
) -> AsyncIterator[Utility]:
    """The utility of a task with a worker of its own; nobody need observe it.

    Raises:
        TaskError: The task's code cannot be loaded.
    """
    async with contextlib.AsyncExitStack() as stack:
        worker = await TaskWorker.start(sandbox, task, stack, task_observer)
        utility = Utility(
            task=task,
            worker=worker,
            sandbox=sandbox,
            observer=observer or _unobserved,
            recall=recall or _nothing_on_record,
        )
        stack.push_async_callback(utility.close)
        yield utility


async def _unobserved(_task: Task, _draw: Draw, _solution: str, _evaluation: Evaluation) -> None:
    """Nothing."""


async def _nothing_on_record(_task: Task, _draw: Draw, _solution: str, _maybe_forgotten: bool) -> None:
    """Nothing."""


@dataclass(frozen=True, kw_only=True)
class _PackedInputs:
    n_instances: int
    packed: Any


@dataclass(frozen=True, kw_only=True)
class _CandidateRun:
    answers: list[Any]
    evaluation: Evaluation


def _if_too_late(child: Child, cpu_seconds: float) -> tuple[Outcome, str]:
    """What becomes of a candidate that is done: the engine may have been too busy to end it in time."""
    limit = child.limits.cpu_seconds
    if cpu_seconds > limit:
        return Outcome.TIMED_OUT, f"it used more than {limit:g} s of CPU time"
    return Outcome.OK, ""


def _if_too_much(child: Child, n_too_many: int) -> tuple[Outcome, str]:
    """What becomes of a candidate that has sent answers: all together are no larger than one message may be."""
    if n_too_many > 0:
        return Outcome.PROTOCOL_VIOLATION, "it sent more answers than there are instances"
    if child.received_bytes > child.limits.frame_bytes + wire.HEADER_BYTES:
        return Outcome.BAD_OUTPUT, f"its answers take more than {child.limits.frame_bytes} bytes"
    return Outcome.OK, ""


async def _answers_of(child: Child, at_most: int) -> _CandidateRun:
    answers: list[Any] = []
    outcome, message, printed = Outcome.OK, "", ""
    try:
        while outcome is Outcome.OK:
            reply: SolutionReply = msgspec.convert(await child.receive(), SolutionReply)
            if isinstance(reply, Finished):
                outcome, message = _if_too_late(child, await child.cpu_seconds_used())
                printed = reply.printed[:MAX_PRINTED_CHARACTERS]
                break
            if isinstance(reply, Failure):
                outcome, message = Outcome(reply.outcome), reply.message[:MAX_SAID_CHARACTERS]
                break
            assert isinstance(reply, Answers)
            answers.extend(reply.answers)
            outcome, message = _if_too_much(child, len(answers) - at_most)
            if outcome is not Outcome.OK:
                answers.clear()
    except ChildEnded as ended:
        outcome, message = ended.outcome, ended.message
    except msgspec.ValidationError as error:
        said = f"it sent what is no message of the protocol: {error}"
        outcome, message = Outcome.PROTOCOL_VIOLATION, said[:MAX_SAID_CHARACTERS]
    if outcome is Outcome.PROTOCOL_VIOLATION:
        child.note_violation("protocol", message)
    evaluation = Evaluation(
        outcome=outcome,
        message=message,
        cpu_seconds=await child.cpu_seconds_used(),
        violations=child.violations,
        printed=printed,
    )
    return _CandidateRun(answers=answers, evaluation=evaluation)
