"""Improvers at work: one improvement I(u, s, L), isolated, with everything it learns coming from here.

The improver's process holds views only. Each of its requests is served by an `ImproverSession`: budgets are
reserved here, utilities are computed here, the model is asked from here, and every exchange is journalled before
the improver learns of it. While a request is served the improver is suspended, so an improver that improves
improvers is the engine's call stack, never a sandbox in a sandbox.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import msgspec

from selftaught.budget import Account, Usage
from selftaught.errors import (
    BudgetExceeded,
    ConfigError,
    LanguageModelError,
    LanguageModelUnavailable,
    Outcome,
    Violation,
)
from selftaught.interrupts import in_flight
from selftaught.ledger import NOTHING, Spending
from selftaught.models import CallFailed, LanguageModel, Reply, Request
from selftaught.sandbox import Child, ChildEnded, Limits, Sandbox, WorkerLost, despite_losses
from selftaught.source import MAX_PROGRAM_BYTES, nearest, read_file, rng_seed_of, sha256_of, why_unusable
from selftaught.telemetry import FINISH_REASONS, Step, provider_and_model, step
from selftaught.violations import ViolationLog
from selftaught.worker.messages import (
    MAX_SAID_CHARACTERS,
    Failure,
    ImproverReply,
    ImproverStart,
    PromptRequest,
    PromptResponse,
    Refusal,
    Result,
    UtilityRequest,
    UtilityResponse,
    ViolationNotice,
)

BUNDLED_IMPROVERS = Path(__file__).parent / "improvers"
IMPROVER_LIMITS = Limits(cpu_seconds=30.0, wall_seconds=120.0, threads=True)
"""An improver mostly waits: for the model and for utilities, and then its clocks stand still."""

MAX_REQUESTS_IN_FLIGHT = 64
MAX_REFUSALS = 1000
"""An improver that goes on asking for what is refused is ended: its clock stands still meanwhile, all is recorded."""

MIB = 1024 * 1024
ASKED_BYTES = 32 * MIB
ASKED_BYTES_A_CALL = MIB
"""What an improver may send in all, refused or not, and more for each call and use that it has: all is recorded."""

SANDBOX_OFF = "used the utility with use_sandbox off"

Asked = PromptRequest | UtilityRequest
Response = PromptResponse | UtilityResponse | Refusal


@dataclass(frozen=True, kw_only=True)
class Improvement:
    """How one improvement ended.

    Attributes:
        outcome: `OK` exactly if there is a solution.
        message: What went wrong, in one line.
        solution: The improved solution; None unless the outcome is `OK`.
        usage: What it used of its budget.
        violations: What the improver tried and may not.
    """

    outcome: Outcome
    message: str = ""
    solution: str | None = None
    usage: Usage = field(default_factory=Usage)
    violations: tuple[Violation, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Begun:
    """What is on record of an improvement that began in an earlier life of its run, and did not end in it.

    Attributes:
        exchanges: What the improver asked, and what it was answered, in the order of the answers.
        ordinals: Those of the calls that the model answered, by the sha256 of their request.
        spending: What these calls cost, and those that failed.
        samples_known: Samples of them that cost nothing.
    """

    exchanges: Sequence[tuple[Asked, Response]] = ()
    ordinals: Mapping[str, Collection[int]] = field(default_factory=dict)
    spending: Spending = NOTHING
    samples_known: int = 0

    def usage(self) -> Usage:
        """What was used of the budget."""
        used = Usage(spending=self.spending, responses_known=self.samples_known)
        for asked, response in self.exchanges:
            if isinstance(response, UtilityResponse):
                used.add(Usage(utility_calls=1))
            elif is_call(response) and isinstance(asked, PromptRequest):
                used.add(Usage(calls=1))
            if isinstance(response, PromptResponse) and isinstance(asked, PromptRequest):
                used.add(
                    Usage(
                        responses=len(response.answers),
                        characters_sent=sum(map(len, _sent(asked))),
                        characters_received=sum(map(len, response.answers)),
                    )
                )
        return used


def is_call(response: Response) -> bool:
    """Whether what was answered is what became of a call of the model: answers, or that it did not answer."""
    return isinstance(response, PromptResponse) or (isinstance(response, Refusal) and response.kind == "model")


def _sent(request: PromptRequest) -> list[str]:
    """The texts that a request sends to the model, each message with the expertise."""
    return [text for message in request.messages for text in (request.expertise, message)]


class SessionUtility(Protocol):
    """The utility of one session: a task's, or the meta-utility."""

    @property
    def description(self) -> str:
        """What the language model is told."""
        ...

    async def value(self, solution: str) -> float | None:
        """The utility of a solution; None if it fails."""
        ...


class SessionRecorder(Protocol):
    """Where a session's exchanges are written before they are answered."""

    async def call(self, request: Request, reply: Reply, seconds: float) -> None:
        """Records a call of the model."""
        ...

    async def exchange(self, method: str, request: Any, response: Any, failed: CallFailed | None) -> None:
        """Records a request and its response, in the order in which they are answered."""
        ...

    def notice(self, kind: str, detail: str) -> None:
        """Records what a person should know of how it went."""
        ...


@dataclass(kw_only=True)
class ImproverSession:
    """One improvement: serves the improver's requests until it returns.

    Attributes:
        sandbox: Where the improver runs.
        model: What answers its prompts.
        utility: What values its solutions.
        account: What it may use, and what it has used.
        scope: The structural name of this improvement; its random numbers are drawn from it.
        rng_seed: The run's.
        recorder: Where exchanges are written.
        clock: Seconds, monotonic.
        begun: What is on record of it from an earlier life of the run.
    """

    sandbox: Sandbox
    model: LanguageModel
    utility: SessionUtility
    account: Account
    scope: str
    rng_seed: int
    recorder: SessionRecorder
    clock: Callable[[], float]
    begun: Begun = field(default_factory=Begun)

    async def improve(self, improver: str, initial_solution: str) -> Improvement:
        """The improvement of a solution by an improver, given as source text."""
        self._improver = sha256_of(improver)
        self._ordinals: Counter[str] = Counter()
        self._answered: dict[bytes, list[Response]] = defaultdict(list)
        self._recall()
        problem = why_unusable(improver)
        if problem:
            return Improvement(outcome=Outcome.INVALID_SOURCE, message=problem)
        start = self._start_message(improver, initial_solution)
        outcome, message, solution = await despite_losses(lambda: self._run(start))
        self._tell_divergence()
        return Improvement(
            outcome=outcome,
            message=message,
            solution=solution,
            usage=self.account.usage,
            violations=self._violations.entries(),
        )

    async def _run(self, start: ImproverStart) -> tuple[Outcome, str, str | None]:
        """One life of the improver. If an earlier one was lost, what that was answered is answered again, unpaid."""
        self._violations = ViolationLog()
        self._n_refusals = 0
        self._still_known = {asked: deque(responses) for asked, responses in self._answered.items()}
        self._n_known = sum(map(len, self._still_known.values()))
        async with self.sandbox.child("improver", start, IMPROVER_LIMITS) as child:
            try:
                return await self._serve(child)
            finally:
                self._violations.extend(child.violations)

    def _recall(self) -> None:
        """Nothing; what was asked in an earlier life is answered again in the same way, and is paid for."""
        self.account.usage.add(self.begun.usage())
        self._unseen: Counter[bytes] = Counter()
        for asked, response in self.begun.exchanges:
            self._answered[_named(asked)].append(response)
            self._unseen[_named(asked)] += isinstance(response, UtilityResponse)
            if isinstance(response, Refusal) and response.kind == "model" and isinstance(asked, PromptRequest):
                self._numbered(asked)

    async def _see(self, request: Asked, asked: bytes) -> None:
        """Nothing; what lies behind a value on record is on record too, and is recalled where it was needed."""
        if isinstance(request, UtilityRequest) and self._unseen[asked]:
            self._unseen[asked] -= 1
            await self.utility.value(request.solution)

    def _tell_divergence(self) -> None:
        """Nothing; notes where a life that had been answered before asked for something else than the one before it."""
        n_left = sum(map(len, self._still_known.values()))
        if n_left:
            self.recorder.notice(
                "diverged",
                f"{self.scope}: {n_left} of {self._n_known} answers on record were not asked for again, so the program "
                "did something else than before (it may have read a clock); what it asked for anew was answered anew",
            )

    def _start_message(self, improver: str, initial_solution: str) -> ImproverStart:
        return ImproverStart(
            source=improver,
            initial_solution=initial_solution,
            utility_description=self.utility.description,
            utility_budget=self.account.budget.utility_calls,
            calls_budget=self.account.budget.calls,
            max_responses_per_call=self.account.budget.responses,
            rng_seed=rng_seed_of("improver", self.rng_seed, self.scope),
        )

    async def _serve(self, child: Child) -> tuple[Outcome, str, str | None]:
        requests: set[asyncio.Task[None]] = set()
        try:
            while True:
                reply: ImproverReply = msgspec.convert(await _next_message(child, requests), ImproverReply)
                if isinstance(reply, Result):
                    return _judge_result(reply.solution)
                if isinstance(reply, Failure):
                    return Outcome(reply.outcome), reply.message[:MAX_SAID_CHARACTERS], None
                if isinstance(reply, ViolationNotice):
                    self._violations.add(reply.kind, reply.detail[:MAX_SAID_CHARACTERS])
                    continue
                if isinstance(reply, UtilityRequest) and reply.use_sandbox is False:
                    self._violations.add("sandbox_off", SANDBOX_OFF)
                flood = self._flood(child, len(requests))
                if flood:
                    self._violations.add("request_flood", flood)
                    return Outcome.PROTOCOL_VIOLATION, flood, None
                if self._n_refusals >= MAX_REFUSALS:
                    return Outcome.BUDGET_EXCEEDED, f"it went on after {MAX_REFUSALS:,} refusals", None
                requests.add(asyncio.create_task(self._answer(child, reply)))
        except ChildEnded as ended:
            return ended.outcome, ended.message, None
        except WorkerLost:
            await asyncio.gather(*requests)  # what is paid for is not paid for again
            raise
        except msgspec.ValidationError as error:
            detail = f"it sent what is no message of the protocol: {error}"[:MAX_SAID_CHARACTERS]
            self._violations.add("protocol", detail)
            return Outcome.PROTOCOL_VIOLATION, detail, None
        finally:
            for request in requests:
                request.cancel()
            await asyncio.gather(*requests, return_exceptions=True)

    def _flood(self, child: Child, n_in_flight: int) -> str:
        """What is too much of what the improver asks at once, or in all; empty if nothing is."""
        budget = self.account.budget
        most_bytes = ASKED_BYTES + budget.calls * ASKED_BYTES_A_CALL + budget.utility_calls * MAX_PROGRAM_BYTES
        if child.received_bytes > most_bytes:
            return f"it sent more than {most_bytes // MIB} MiB of requests"
        if n_in_flight >= MAX_REQUESTS_IN_FLIGHT:
            return f"it had more than {MAX_REQUESTS_IN_FLIGHT} requests in flight"
        return ""

    async def _answer(self, child: Child, request: PromptRequest | UtilityRequest) -> None:
        with child.wall_paused():
            asked = _named(request)
            known = self._still_known.get(asked)
            if known:
                response = msgspec.structs.replace(known.popleft(), id=request.id)
                await self._see(request, asked)
            else:
                response, failed = await self._respond(request)
                await self.recorder.exchange(type(request).__name__, request, response, failed)
                self._answered[asked].append(response)
            self._count_refusal(response)
        with contextlib.suppress(ChildEnded, WorkerLost):  # how it ended is learned from `receive`, after all it sent
            await child.send(response)

    async def _respond(self, request: PromptRequest | UtilityRequest) -> tuple[Response, CallFailed | None]:
        """What is answered, and the call of the model that failed, if one did that may have cost something."""
        try:
            if isinstance(request, PromptRequest):
                return await self._prompt(request), None
            return await self._utility(request), None
        except BudgetExceeded as error:
            return Refusal(id=request.id, kind="budget", message=str(error)), None
        except LanguageModelUnavailable:
            raise
        except LanguageModelError as error:
            failed = error if isinstance(error, CallFailed) else None
            if failed is not None:
                self.account.usage.add(Usage(spending=failed.spending))
            return Refusal(id=request.id, kind="model", message=str(error)), failed

    def _count_refusal(self, response: Response) -> None:
        if isinstance(response, Refusal):
            self._n_refusals += 1
            if response.kind == "budget":
                self._violations.add("budget", response.message)

    async def _prompt(self, request: PromptRequest) -> PromptResponse | Refusal:
        n_samples = request.n_responses * len(request.messages)
        if not 1 <= n_samples <= self.account.budget.responses or request.n_responses < 1:
            message = f"a call may have 1 to {self.account.budget.responses} responses, not {n_samples}"
            return Refusal(id=request.id, kind="interface", message=message)
        if not 0 <= request.temperature <= 10:
            return Refusal(id=request.id, kind="interface", message="the temperature should be between 0 and 10")
        times_used = self.account.reserve_call()
        asked = self._numbered(request)
        async with in_flight():
            started = self.clock()
            with self._told(asked) as told:
                reply = await self.model.answer(asked)
                told.note(**_facts_of(reply))
            self.account.count_answers(_sent(request), reply.texts, reply.spending, n_known=reply.n_known)
            await self.recorder.call(asked, reply, self.clock() - started)
        return PromptResponse(id=request.id, answers=reply.texts, times_used=times_used)

    def _told(self, asked: Request) -> AbstractContextManager[Step]:
        info = self.model.info
        provider, model = provider_and_model(info.name)
        return step(
            "call",
            model,
            provider=provider,
            model=model,
            version=info.version,
            is_language_model=info.is_language_model,
            messages=len(asked.messages),
            n_responses=asked.n_responses,
            temperature=asked.temperature,
            ordinal=asked.ordinal,
        )

    def _numbered(self, request: PromptRequest) -> Request:
        asked = Request(
            expertise=request.expertise,
            messages=tuple(request.messages),
            n_responses=request.n_responses,
            temperature=request.temperature,
            scope=self.scope,
            improver=self._improver,
        )
        sha256, answered_before = asked.sha256, self.begun.ordinals.get(asked.sha256, ())
        ordinal = self._ordinals[sha256]
        while ordinal in answered_before:
            ordinal += 1
        self._ordinals[sha256] = ordinal + 1
        return replace(asked, ordinal=ordinal)

    async def _utility(self, request: UtilityRequest) -> UtilityResponse:
        uses = self.account.reserve_utility_call()
        value = await self.utility.value(request.solution)
        return UtilityResponse(id=request.id, value=value, uses=uses)


def _facts_of(reply: Reply) -> dict[str, int | float | list[str]]:
    """What is told of a reply: how the samples ended, and what was spent."""
    spent = {name: amount for name, amount in asdict(reply.spending).items() if amount and name != "seconds"}
    known = {"known": reply.n_known} if reply.n_known else {}
    return {"finishes": sorted({FINISH_REASONS[sample.finish] for sample in reply.samples}), **known, **spent}


def _named(request: Asked) -> bytes:
    """What is asked, whatever its number within the improvement."""
    return msgspec.msgpack.encode(msgspec.structs.replace(request, id=0))


async def _next_message(child: Child, requests: set[asyncio.Task[None]]) -> object:
    """The child's next message. A request whose service failed on our side ends the wait with its exception."""
    receiving = asyncio.ensure_future(child.receive())
    try:
        while True:
            done, _ = await asyncio.wait({receiving, *requests}, return_when=asyncio.FIRST_COMPLETED)
            for request in done & requests:
                requests.discard(request)
                request.result()
            if receiving in done:
                return receiving.result()
    finally:
        receiving.cancel()
        # Waited for even if it has ended: what it raised while a request failed is said by that request.
        await asyncio.gather(receiving, return_exceptions=True)


def _judge_result(solution: str) -> tuple[Outcome, str, str | None]:
    problem = why_unusable(solution)
    if problem:
        return Outcome.BAD_OUTPUT, f"what it returned is no solution: {problem}", None
    return Outcome.OK, "", solution


def bundled_improver_names() -> list[str]:
    """The names of the bundled improvers, sorted."""
    return sorted(path.stem for path in BUNDLED_IMPROVERS.glob("*.py"))


def bundled_improver(name: str) -> str:
    """The source of a bundled improver."""
    return (BUNDLED_IMPROVERS / f"{name}.py").read_text(encoding="utf-8")


def find_improver(name: str) -> str:
    """The source of the improver that a person means: the name of a bundled one, or a file.

    Raises:
        ConfigError: There is no such improver, or the file cannot be used.
    """
    names = bundled_improver_names()
    if name in names:
        return bundled_improver(name)
    path = Path(name)
    if not os.path.isfile(path):  # noqa: PTH113 - a name that no file can have is no error here
        raise ConfigError(f"there is no improver or file {name!r:.200}{nearest(name, names)}")
    try:
        source = read_file(path, errors="strict")
    except OSError as error:
        raise ConfigError(f"the improver {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"the improver {path} cannot be read: it is not valid Unicode") from None
    problem = why_unusable(source)
    if problem:
        raise ConfigError(f"the improver {path} cannot be used: {problem}")
    return source
