"""The engine: everything that an improvement needs, in one place, on the trusted side.

It owns the isolation, the model, the tasks' utilities, the count of what is used and the records; `meta_utility` and
`recursion` only say what should be improved by what.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from selftaught.budget import Account, Budget, Usage
from selftaught.errors import Violation
from selftaught.improver import Begun, Improvement, ImproverSession, SessionUtility
from selftaught.models import CallFailed, LanguageModel, Reply, Request
from selftaught.sandbox import Sandbox
from selftaught.single_flight import SingleFlight
from selftaught.source import sha256_of
from selftaught.task_definition import Task
from selftaught.telemetry import step
from selftaught.utility import Draw, Evaluation, Utility, open_utility
from selftaught.violations import ViolationLog

META = "meta"
"""The task of an improver that improves an improver."""

MAX_AT_ONCE = 128
"""Improvements of solutions that are under way at once, each a process; the others wait. Those of improvers, which wait
for improvements of solutions, are not held up."""

MAX_IMPROVEMENTS_KEPT = 512
"""Improvements that are held in memory; what was asked for before that is looked up on record."""


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """What one improvement is asked to do.

    Attributes:
        scope: Its structural name, such as `round-1/search/dispatch/repeat-0`; unique together with the improver.
        improver: The improver's source.
        initial_solution: What it should improve.
        task: The name of the task, or `META` where the solution is an improver.
        budget: What it may use.
    """

    scope: str
    improver: str
    initial_solution: str
    task: str
    budget: Budget


class Recorder(Protocol):
    """Where everything that happens is written, before anyone learns of it, and where what is long past is looked up.

    Who inherits from it need not heed resumed improvements and notices, and need not know what is long past.
    """

    def improvement_started(self, assignment: Assignment) -> str:
        """The id under which the improvement is recorded."""
        ...

    def improvement_resumed(self, improvement_id: str, assignment: Assignment, n_exchanges: int) -> None:
        """Notes that an improvement goes on that is recorded under that id, with so many exchanges."""
        return

    def improvement_finished(self, improvement_id: str, improvement: Improvement) -> None:
        """Records how an improvement ended."""
        ...

    def notice(self, improvement_id: str, kind: str, detail: str) -> None:
        """Records what a person should know of how an improvement went."""
        return

    def task_tried(self, task: Task, violations: tuple[Violation, ...]) -> None:
        """Records what a task's own code tried and may not."""
        ...

    async def call(self, improvement_id: str, request: Request, reply: Reply, seconds: float) -> None:
        """Records a call of the model."""
        ...

    async def exchange(
        self, improvement_id: str, method: str, request: Any, response: Any, failed: CallFailed | None
    ) -> None:
        """Records a request of an improver and the response to it; and what a call cost that was not answered."""
        ...

    async def evaluation(self, task: Task, draw: Draw, solution: str, evaluation: Evaluation) -> None:
        """Records an evaluation that was really run."""
        ...

    async def improvement_on_record(self, assignment: Assignment) -> Improvement | None:
        """How an improvement ended, whenever that was; None if that is not on record."""
        return None

    async def evaluation_on_record(self, task: Task, draw: Draw, solution: str) -> Evaluation | None:
        """How a solution did on a draw, whenever that was; None if that is not on record."""
        return None


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What is on record of an improvement that ended in an earlier life of the run.

    Attributes:
        improvement: How it ended.
        valued: The solutions whose utility it was told.
    """

    improvement: Improvement
    valued: Sequence[str]


class Past(Protocol):
    """What is on record of an earlier life of the run. Each improvement and evaluation is recalled once."""

    def violations(self) -> Sequence[Violation]:
        """What programs tried and may not, but for improvers, whose tries come with their improvements."""
        ...

    def has_tried(self, task: Task, violation: Violation) -> bool:
        """Whether it is on record that a task's own code tried something."""
        ...

    def finished(self, assignment: Assignment) -> Ended | None:
        """How an improvement ended; None if it did not."""
        ...

    def begun(self, assignment: Assignment) -> tuple[str, Begun] | None:
        """The id under which an improvement is recorded that did not end, and what is on record of it."""
        ...

    def evaluation(self, task: Task, draw: Draw, solution: str) -> Evaluation | None:
        """How a solution did on a draw."""
        ...

    def rest(self) -> tuple[Usage, Sequence[Violation]]:
        """What was used and tried in what nobody has recalled; nothing when asked again."""
        ...


class NoPast(Past):
    """The past of a run in its first life."""

    def violations(self) -> Sequence[Violation]:
        """Nothing."""
        return ()

    def has_tried(self, task: Task, violation: Violation) -> bool:
        """Nothing was tried."""
        return False

    def finished(self, assignment: Assignment) -> Ended | None:
        """Nothing has ended."""
        return None

    def begun(self, assignment: Assignment) -> tuple[str, Begun] | None:
        """Nothing has begun."""
        return None

    def evaluation(self, task: Task, draw: Draw, solution: str) -> Evaluation | None:
        """Nothing was evaluated."""
        return None

    def rest(self) -> tuple[Usage, Sequence[Violation]]:
        """Nothing was used."""
        return Usage(), ()


@dataclass(frozen=True, kw_only=True)
class _SessionRecorder:
    recorder: Recorder
    improvement_id: str

    async def call(self, request: Request, reply: Reply, seconds: float) -> None:
        await self.recorder.call(self.improvement_id, request, reply, seconds)

    async def exchange(self, method: str, request: Any, response: Any, failed: CallFailed | None) -> None:
        await self.recorder.exchange(self.improvement_id, method, request, response, failed)

    def notice(self, kind: str, detail: str) -> None:
        self.recorder.notice(self.improvement_id, kind, detail)


@dataclass(kw_only=True)
class Engine:
    """Runs improvements and evaluations, counts what they use, and has them recorded. Its models are open already.

    Attributes:
        sandbox: Where untrusted programs run.
        model: What answers prompts.
        inner_model: What answers those of improvements of solutions; None where that is `model` too.
        rng_seed: What all random numbers of the run are drawn from.
        recorder: Where everything is written.
        usage: What the whole run has used.
        violations: What programs tried and may not, over the whole run.
        past: What is on record of an earlier life of the run.
        clock: Seconds, monotonic.
        on_start: Told of every improvement that begins, with its account.
        on_progress: Called after every improvement.
    """

    sandbox: Sandbox
    model: LanguageModel
    rng_seed: int
    recorder: Recorder
    inner_model: LanguageModel | None = None
    usage: Usage = field(default_factory=Usage)
    violations: ViolationLog = field(default_factory=lambda: ViolationLog(most_of_a_kind=None))
    past: Past = field(default_factory=NoPast)
    clock: Callable[[], float] = time.monotonic
    on_start: Callable[[Assignment, Account], None] = lambda assignment, account: None
    on_progress: Callable[[], None] = lambda: None
    _stack: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)
    _utilities: dict[str, Utility] = field(default_factory=dict)
    _improvements: SingleFlight[Assignment, Improvement] = field(
        default_factory=lambda: SingleFlight(n_kept=MAX_IMPROVEMENTS_KEPT)
    )
    _at_once: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_AT_ONCE))

    async def __aenter__(self) -> Engine:
        self.violations.extend(self.past.violations())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._improvements.close()
        await self._stack.aclose()

    @property
    def downstream_model(self) -> LanguageModel:
        """What answers the prompts of improvements of solutions."""
        return self.inner_model or self.model

    async def utilities(self, tasks: Sequence[Task]) -> list[Utility]:
        """The utility of each task, its worker started.

        Raises:
            TaskError: A task's code cannot be loaded.
        """
        return [await self._utility(task) for task in tasks]

    async def _utility(self, task: Task) -> Utility:
        if task.sha256 not in self._utilities:
            opened = open_utility(task, self.sandbox, self._evaluated, self._task_tried, self._recalled)
            self._utilities[task.sha256] = await self._stack.enter_async_context(opened)
        return self._utilities[task.sha256]

    async def improve(self, assignment: Assignment, utility: SessionUtility) -> Improvement:
        """How an improver did what it was asked to do. What is known or on record is not done again."""
        return await self._improvements.get(assignment, lambda: self._in_turn(assignment, utility))

    async def _in_turn(self, assignment: Assignment, utility: SessionUtility) -> Improvement:
        """An improvement, begun when not too many others are under way."""
        if assignment.task == META:
            return await self._improve(assignment, utility)
        async with self._at_once:
            return await self._improve(assignment, utility)

    async def _improve(self, assignment: Assignment, utility: SessionUtility) -> Improvement:
        ended = self.past.finished(assignment)
        if ended is None and self._improvements.has_forgotten:
            counted_already = await self.recorder.improvement_on_record(assignment)
            if counted_already is not None:
                return counted_already
        account = Account(assignment.budget, self.usage)
        self.on_start(assignment, account)
        if ended is None:
            improvement = await self._carry_out(assignment, utility, account)
        else:
            improvement = ended.improvement
            account.usage.add(improvement.usage)
            for solution in ended.valued:  # what lies behind these values is on record too, and counts here
                await utility.value(solution)
        self.violations.extend(improvement.violations)
        self.on_progress()
        return improvement

    async def _carry_out(self, assignment: Assignment, utility: SessionUtility, account: Account) -> Improvement:
        """An improvement from its beginning, or from where it was when an earlier life of the run ended."""
        on_record = self.past.begun(assignment)
        if on_record is None:
            improvement_id, begun = self.recorder.improvement_started(assignment), Begun()
        else:
            improvement_id, begun = on_record
            self.recorder.improvement_resumed(improvement_id, assignment, len(begun.exchanges))
        session = ImproverSession(
            sandbox=self.sandbox,
            model=self.model if assignment.task == META else self.downstream_model,
            utility=utility,
            account=account,
            scope=assignment.scope,
            rng_seed=self.rng_seed,
            recorder=_SessionRecorder(recorder=self.recorder, improvement_id=improvement_id),
            clock=self.clock,
            begun=begun,
        )
        facts = {"scope": assignment.scope, "task": assignment.task, "improver": sha256_of(assignment.improver)}
        with step("improvement", "improver", **facts) as told:
            improvement = await session.improve(assignment.improver, assignment.initial_solution)
            used = improvement.usage
            told.note(
                outcome=str(improvement.outcome),
                message=improvement.message or None,
                calls=used.calls,
                responses=used.responses,
                utility_calls=used.utility_calls,
            )
        self.recorder.improvement_finished(improvement_id, improvement)
        return improvement

    def settle(self) -> None:
        """Nothing; what was used in an earlier life for what was not needed in this one is counted too."""
        used, violations = self.past.rest()
        self.usage.add(used)
        self.violations.extend(violations)

    async def _recalled(self, task: Task, draw: Draw, solution: str, maybe_forgotten: bool) -> Evaluation | None:
        known = self.past.evaluation(task, draw, solution)
        if known is not None:
            self.usage.add(Usage(evaluations=1))
        elif maybe_forgotten:  # and counted already
            known = await self.recorder.evaluation_on_record(task, draw, solution)
        return known

    async def _evaluated(self, task: Task, draw: Draw, solution: str, evaluation: Evaluation) -> None:
        self.usage.add(Usage(evaluations=1))
        self.violations.extend(evaluation.violations)
        await self.recorder.evaluation(task, draw, solution, evaluation)

    def _task_tried(self, task: Task, violations: tuple[Violation, ...]) -> None:
        new = tuple(violation for violation in violations if not self.past.has_tried(task, violation))
        if new:
            self.violations.extend(new)
            self.recorder.task_tried(task, new)


async def run_in_parallel(calls: Sequence[Any]) -> list[Any]:
    """The results of several coroutines, in their order; the first exception cancels the others and comes out."""
    async with _first_error_alone(), asyncio.TaskGroup() as group:
        tasks = [group.create_task(call) for call in calls]
    return [task.result() for task in tasks]


@contextlib.asynccontextmanager
async def _first_error_alone() -> Any:
    try:
        yield
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
