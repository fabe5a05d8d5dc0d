"""What the tests of the engine share: one event loop and one sandbox, a tiny task, stand-ins for a person's own code.

The stand-ins implement the public protocols (a language model, recorders); nothing of the package is replaced.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from selftaught.budget import Account, Budget, Usage
from selftaught.engine import Assignment, Engine, Recorder
from selftaught.errors import LanguageModelError, Violation
from selftaught.improver import Improvement, ImproverSession
from selftaught.ledger import Spending
from selftaught.meta_utility import UtilityOnDraw
from selftaught.models import LanguageModel, ModelContext, ModelInfo, Reply, Request, opened_models, registry
from selftaught.models.prices import Price
from selftaught.sandbox import Sandbox, SandboxConfig
from selftaught.store import Store
from selftaught.store.clock import now
from selftaught.task_definition import MIB, Task
from selftaught.utility import Draw, Evaluation, open_utility

DOUBLING_UTILITY = '''
"""Double every number of a list."""

Answer = list[float]


def instances(split, rng, n):
    return [(([rng.randint(1, 99) for _ in range(6)],), "the hidden part of an instance") for _ in range(n)]


def score(arguments, hidden, answer):
    (numbers,) = arguments
    if len(answer) != len(numbers):
        raise ValueError("every number needs one answer")
    return 1 - sum(abs(doubled - 2 * number) for doubled, number in zip(answer, numbers)) / (2 * sum(numbers))
'''

DOUBLING = Task(
    name="doubling",
    entry="double",
    summary="double every number of a list",
    seed_solution="def double(numbers):\n    return [number for number in numbers]\n",
    utility_source=DOUBLING_UTILITY,
    reference_best="doubling",
    reference_trivial="zeros",
    n_validation=4,
    n_test=6,
    cpu_seconds=0.3,
    memory_bytes=128 * MIB,
)
"""Scores: 1 for doubling, exactly 0.5 for the seed solution, exactly 0 for zeros."""


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """Signals do what they do in a terminal, for this process and those that it starts; what a test leaves is undone.

    Whoever starts the tests in the background of a shell has SIGINT ignored, which is inherited and respected.
    """
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    before = {number: signal.signal(number, action) for number, action in usual.items()}
    yield
    for number, action in before.items():
        signal.signal(number, action)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a store is put."""
    return tmp_path / "store.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """A store with nothing in it."""
    with Store.open(path, clock=now) as opened:
        yield opened


@pytest.fixture(scope="session")
def run() -> Iterator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    """The result of a coroutine, on the event loop that the shared sandbox lives on."""
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture(scope="session")
def sandbox(run) -> Iterator[Sandbox]:
    """The strongest isolation that works here, with two workers, for all tests."""
    opened = run(Sandbox.start(SandboxConfig(workers=2, self_test=False)))
    yield opened
    run(opened.close())


@pytest.fixture(scope="session")
def doubling() -> Task:
    """A task whose seed solution scores exactly 0.5; doubling scores 1."""
    return DOUBLING


@pytest.fixture(scope="session")
def draw() -> Draw:
    """A draw of validation instances."""
    return Draw(split="validation", key="a test", rng_seed=0)


@pytest.fixture(scope="session")
def evaluate(run, sandbox, draw) -> Callable[..., Evaluation | list[Evaluation]]:
    """`evaluate(task, solution)` is an `Evaluation`; several solutions, evaluated at the same time, give a list."""

    async def at_once(task: Task, solutions: tuple[str, ...], on: Draw) -> list[Evaluation]:
        async with open_utility(task, sandbox) as utility:
            return await asyncio.gather(*(utility.evaluate(solution, on) for solution in solutions))

    def evaluate(task: Task, *solutions: str, on: Draw = draw) -> Evaluation | list[Evaluation]:
        evaluations = run(at_once(task, solutions, on))
        return evaluations[0] if len(solutions) == 1 else evaluations

    return evaluate


class ScriptedModel(LanguageModel):
    """A language model that answers from a function of the request; it knows what it was asked."""

    info = ModelInfo(name="scripted", summary="answers from a script", is_language_model=True, version="1")
    improvement_budget = Budget(calls=4, responses=6, utility_calls=25)
    meta_budget = Budget(calls=2, responses=3, utility_calls=8)

    def __init__(self, script: Callable[[str, int], str] = lambda message, sample: message) -> None:
        self.script = script
        self.asked: list[Request] = []

    async def answer(self, request: Request) -> Reply:
        self.asked.append(request)
        asked = ((message, sample) for message in request.messages for sample in range(request.n_responses))
        return Reply.of(self.script(message, sample) for message, sample in asked)


class BrokenModel(ScriptedModel):
    """A language model that never answers."""

    async def answer(self, request: Request) -> Reply:
        raise LanguageModelError("the model is out of order", retryable=False)


MICRO = Price(sent=1.0, cached=0.5, received=4.0)
"""A price like that of a small model, in US dollars for a million tokens."""


class PricedModel(ScriptedModel):
    """A scripted model that costs: it counts a token for each four characters, and reserves before it answers."""

    info = ModelInfo(name="priced", summary="costs something", is_language_model=True, version="1")
    counts_tokens = True
    price: Price | None = MICRO

    def __init__(self, context: ModelContext, script: Callable[[str, int], str], seconds: float = 0.0) -> None:
        super().__init__(script)
        self._ledger = context.ledger
        self._max_output_tokens = context.settings.max_output_tokens
        self._seconds = seconds

    async def answer(self, request: Request) -> Reply:
        sent = sum(len(request.expertise) + len(message) for message in request.messages) // 4
        n_samples = request.n_responses * len(request.messages)
        worst = self._priced(sent, n_samples * self._max_output_tokens)
        async with self._ledger.reserved(worst) as reservation:
            await asyncio.sleep(self._seconds)
            reply = await super().answer(request)
            spent = self._priced(sent, sum(map(len, reply.texts)) // 4)
            reservation.enter(dataclasses.replace(spent, seconds=self._seconds))
        return dataclasses.replace(reply, spending=reservation.spent)

    def _priced(self, tokens_in: int, tokens_out: int) -> Spending:
        spending = Spending(tokens_in=tokens_in, tokens_out=tokens_out)
        if self.price is None:
            return dataclasses.replace(spending, n_unpriced=1)
        return dataclasses.replace(spending, cost_usd=self.price.cost_usd(spending))


@pytest.fixture(scope="session")
def priced_model() -> type[PricedModel]:
    """`priced_model(context, script)`: a scripted model that costs."""
    return PricedModel


@pytest.fixture(scope="module")
def registered() -> Iterator[Callable[[str, Callable[[ModelContext], LanguageModel]], None]]:
    """`registered(name, maker)`: for the rest of a file of tests, the model NAME is what the maker makes."""
    with pytest.MonkeyPatch.context() as patch:

        def register(name: str, maker: Callable[[ModelContext], LanguageModel]) -> None:
            info = ModelInfo(name=name, summary="of a test", is_language_model=True, version="1")
            patch.setitem(registry._MODELS, name, (info, maker))

        yield register


class ListRecorder(Recorder):
    """A recorder that keeps everything in lists, in the order in which it came."""

    def __init__(self) -> None:
        self.started: list[Assignment] = []
        self.finished: list[Improvement] = []
        self.calls: list[tuple[Request, list[str]]] = []
        self.exchanges: list[tuple[str, Any, Any]] = []
        self.evaluations: list[tuple[Draw, str, Evaluation]] = []
        self.task_violations: list[Violation] = []
        self.notices: list[tuple[str, str]] = []

    def improvement_started(self, assignment: Assignment) -> str:
        self.started.append(assignment)
        return str(len(self.started))

    def improvement_finished(self, improvement_id: str, improvement: Improvement) -> None:
        self.finished.append(improvement)

    def task_tried(self, task: Task, violations: tuple[Violation, ...]) -> None:
        self.task_violations.extend(violations)

    async def call(self, improvement_id: str, request: Request, answers: list[str], seconds: float) -> None:
        self.calls.append((request, answers))

    async def exchange(self, improvement_id: str, method: str, request: Any, response: Any, failed: Any) -> None:
        self.exchanges.append((method, request, response))

    def notice(self, improvement_id: str, kind: str, detail: str) -> None:
        self.notices.append((kind, detail))

    async def evaluation(self, task: Task, draw: Draw, solution: str, evaluation: Evaluation) -> None:
        self.evaluations.append((draw, solution, evaluation))


@pytest.fixture(scope="session")
def scripted_model() -> type[ScriptedModel]:
    """`scripted_model(script)`: a language model that answers `script(message, sample)`."""
    return ScriptedModel


@pytest.fixture(scope="session")
def broken_model() -> type[BrokenModel]:
    """A language model that raises `LanguageModelError`."""
    return BrokenModel


@pytest.fixture
def recorder() -> ListRecorder:
    """A recorder that keeps everything in lists."""
    return ListRecorder()


@dataclasses.dataclass(kw_only=True)
class Improving:
    """One improvement, and all that can be seen of it from outside."""

    improvement: Improvement
    model: Any
    recorder: ListRecorder
    usage: Usage

    @property
    def violations(self) -> list[str]:
        """Each kind once, with how often it was tried if that is more than once."""
        counts: Counter[str] = Counter()
        for violation in self.improvement.violations:
            counts[violation.kind] += violation.count
        return sorted(f"{kind} x{count}" if count > 1 else kind for kind, count in counts.items())


class _OneSession:
    """The session's view of a recorder."""

    def __init__(self, recorder: ListRecorder) -> None:
        self._recorder = recorder

    async def call(self, request: Request, answers: list[str], seconds: float) -> None:
        await self._recorder.call("1", request, answers, seconds)

    async def exchange(self, method: str, request: Any, response: Any, failed: Any) -> None:
        await self._recorder.exchange("1", method, request, response, failed)

    def notice(self, kind: str, detail: str) -> None:
        self._recorder.notice("1", kind, detail)


@pytest.fixture(scope="session")
def improve(run, sandbox, doubling, draw) -> Callable[..., Improving]:
    """`improve(improver_source, ...)`: one improvement of the seed solution of `doubling`."""
    default_budget = Budget(calls=4, responses=6, utility_calls=25)

    async def improve_once(
        source: str, model: Any, budget: Budget, task: Task, rng_seed: int, recorder: ListRecorder
    ) -> Improving:
        usage = Usage()
        async with open_utility(task, sandbox) as utility:
            session = ImproverSession(
                sandbox=sandbox,
                model=model,
                utility=UtilityOnDraw(utility, draw),
                account=Account(budget, usage),
                scope="a test",
                rng_seed=rng_seed,
                recorder=_OneSession(recorder),
                clock=lambda: 0.0,
            )
            improvement = await session.improve(source, task.seed_solution)
        return Improving(improvement=improvement, model=model, recorder=recorder, usage=usage)

    def improve(
        source: str,
        *,
        model: Any = None,
        budget: Budget = default_budget,
        task: Task = doubling,
        rng_seed: int = 0,
        recorder: ListRecorder | None = None,
    ) -> Improving:
        return run(improve_once(source, model or ScriptedModel(), budget, task, rng_seed, recorder or ListRecorder()))

    return improve


@pytest.fixture(scope="session")
def engine(sandbox) -> Callable[..., Any]:
    """`engine(model, recorder)`: an engine, over the shared sandbox or another, as an asynchronous context manager."""

    @contextlib.asynccontextmanager
    async def engine(
        model: Any = None, recorder: Any = None, rng_seed: int = 0, on: Sandbox = sandbox, inner_model: Any = None
    ) -> AsyncIterator[Engine]:
        made = Engine(
            sandbox=on,
            model=model or ScriptedModel(),
            inner_model=inner_model,
            rng_seed=rng_seed,
            recorder=recorder or ListRecorder(),
        )
        async with opened_models(*filter(None, (made.model, made.inner_model))), made:
            yield made

    return engine
