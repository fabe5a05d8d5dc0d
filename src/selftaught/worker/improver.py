"""Role `improver`: one improvement by a program that believes itself alone with a utility and a language model.

The program sees the interface of the paper's released code, so that improvers written for it run unchanged. Here
the utility and the model are views: they hold no key, no budget and no score, and every use is a request that the
engine serves or refuses. Setting an attribute of a view has no effect and is recorded.
"""

from __future__ import annotations

import contextlib
import math
import operator
import sys
import threading
import types
from collections.abc import Callable, Iterable
from typing import Any, Literal, NoReturn, Self

import msgspec
import numpy as np

from . import program, thread_pools
from .code_blocks import extract_code
from .messages import (
    Failure,
    ImproverAnswer,
    ImproverStart,
    PromptRequest,
    PromptResponse,
    Refusal,
    Result,
    UtilityRequest,
    UtilityResponse,
    ViolationNotice,
)
from .wire import Channel

ENTRY = "improve_algorithm"
_NOT_SAID = object()


class BudgetExceeded(Exception):
    """A budget of this improvement is used up; an improver may catch it and still return."""


class LanguageModelError(Exception):
    """The language model did not answer."""


def main(channel: Channel, start: object) -> None:
    """Sends what the improver in `start` returns, or its failure."""
    order = msgspec.convert(start, ImproverStart)
    program.prepare(order.rng_seed)
    engine = EngineConnection(channel)
    utility = UtilityView(engine, order)
    language_model = _provide_modules(engine, order)
    try:
        improve = program.entry_point(program.load(order.source), ENTRY)
        channel.send(_result_of(improve, order.initial_solution, utility, language_model))
    except program.ProgramError as error:
        channel.send(error.failure)
    engine.wait_for_its_end()


def _result_of(improve: Callable[..., Any], *arguments: Any) -> Result | Failure:
    try:
        solution = improve(*arguments)
    except BudgetExceeded as error:
        return Failure(outcome="budget_exceeded", message=program.describe(error))
    except BaseException as error:  # hostile code may raise anything  # noqa: BLE001
        return program.failure_of(error)
    solution = _without_numpy(solution)
    if type(solution) is not str:
        return Failure(outcome="bad_output", message=f"it returned {type(solution).__name__} instead of a string")
    try:
        solution.encode()
    except UnicodeEncodeError:
        return Failure(outcome="bad_output", message="it returned text that is not valid Unicode")
    return Result(solution=solution)


class EngineConnection:
    """Requests to the engine, any number of them in flight at once, from any thread.

    One of the waiting threads reads for all of them, so that a program without threads of its own costs none.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._condition = threading.Condition()
        self._last_id = 0
        self._answers: dict[int, ImproverAnswer] = {}
        self._is_someone_reading = False

    def ask(self, make_request: Callable[[int], PromptRequest | UtilityRequest]) -> Any:
        """The engine's response to a request.

        Raises:
            BudgetExceeded: A budget is used up.
            AssertionError: The request is not one that the interface allows; nothing was spent.
            LanguageModelError: The model did not answer.
        """
        with self._condition:
            self._last_id += 1
            request = make_request(self._last_id)
        self._channel.send(request)
        answer = self._wait_for(request.id)
        if isinstance(answer, Refusal):
            _raise_refusal(answer)
        return answer

    def notify(self, kind: Literal["read_only_view", "new_language_model"], detail: str) -> None:
        """Tells the engine that the interface was misused."""
        self._channel.send(ViolationNotice(kind=kind, detail=detail[: program.MAX_MESSAGE_CHARACTERS]))

    def wait_for_its_end(self) -> None:
        """Nothing; returns when the engine has hung up, which it does once it has read the result.

        If this process ended first while an answer to one of its threads was on its way, the connection would break,
        and what the engine had not read yet would be lost.
        """
        with contextlib.suppress(EOFError, OSError), self._condition:
            while True:
                if self._is_someone_reading:
                    self._condition.wait()
                else:
                    self._read_one()

    def _wait_for(self, request_id: int) -> ImproverAnswer:
        with self._condition:
            while request_id not in self._answers:
                if self._is_someone_reading:
                    self._condition.wait()
                else:
                    self._read_one()
            return self._answers.pop(request_id)

    def _read_one(self) -> None:
        self._is_someone_reading = True
        self._condition.release()
        try:
            answer: ImproverAnswer = msgspec.convert(self._channel.receive(), ImproverAnswer)
        finally:
            self._condition.acquire()
            self._is_someone_reading = False
            self._condition.notify_all()
        self._answers[answer.id] = answer


def _raise_refusal(refusal: Refusal) -> NoReturn:
    if refusal.kind == "budget":
        raise BudgetExceeded(refusal.message)
    if refusal.kind == "interface":
        raise AssertionError(refusal.message)
    raise LanguageModelError(refusal.message)


class _View:
    """An object whose attributes cannot be set: a try has no effect, and the engine hears of it."""

    _engine: EngineConnection

    def __getattr__(self, name: str) -> NoReturn:
        offered = ", ".join(offered for offered in dir(self) if not offered.startswith("_"))
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}; it has {offered}", name=name, obj=self)

    def __setattr__(self, name: str, value: object) -> None:
        self._engine.notify("read_only_view", f"set {type(self).__name__}.{name}")

    def __delattr__(self, name: str) -> None:
        self._engine.notify("read_only_view", f"deleted {type(self).__name__}.{name}")

    def _initialise(self, **values: object) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)


class UtilityView(_View):
    """The utility as an improver sees it: a callable with a description and a budget.

    A solution that fails has no utility; `-inf` stands for that here, because improvers compare with `max`.
    """

    str: str
    budget: int
    uses: int
    __name__ = "utility"  # the released one is a function

    def __init__(self, engine: EngineConnection, order: ImproverStart) -> None:
        self._initialise(_engine=engine, str=order.utility_description, budget=order.utility_budget, uses=0)

    def __call__(self, solution: Any, use_sandbox: Any = _NOT_SAID) -> float:
        """The utility of a solution, higher is better; `-inf` if the solution fails.

        `use_sandbox` is the flag of the paper's study of circumvention. Solutions are isolated whatever it says; the
        engine hears what it says, and that it was false is a violation on record.

        Raises:
            BudgetExceeded: The budget of uses is used up.
            AssertionError: The solution is neither a string nor None; nothing was spent. None spends nothing either.
        """
        if solution is None:  # as `extract_code` answers where there is no code; the released code does not count it
            return -math.inf
        solution = _without_numpy(solution)
        assert type(solution) is _str, f"a solution should be a string, not {type(solution).__name__}"
        _require_unicode(solution)
        flag = None if use_sandbox is _NOT_SAID else bool(use_sandbox)
        response: UtilityResponse = self._engine.ask(
            lambda id: UtilityRequest(id=id, solution=solution, use_sandbox=flag)
        )
        self._initialise(uses=max(self.uses, response.uses))
        return -math.inf if response.value is None else response.value

    def increment_uses(self) -> None:
        """Nothing: uses are counted by the engine. Descriptions written for the released code mention it."""


class LanguageModelView(_View):
    """The language model as an improver sees it. One call is one unit of budget, whatever its samples."""

    budget: int
    max_responses_per_call: int
    times_used: int

    def __init__(self, engine: EngineConnection, order: ImproverStart) -> None:
        self._initialise(
            _engine=engine,
            budget=order.calls_budget,
            max_responses_per_call=order.max_responses_per_call,
            times_used=0,
        )

    def prompt(self, expertise: str, message: str, n_responses: int = 1, temperature: float = 0.7) -> list[str]:
        """`n_responses` answers to one message.

        Raises:
            AssertionError: An argument is of the wrong type, or `n_responses` is out of range; nothing was spent.
            BudgetExceeded: The budget of calls is used up.
        """
        assert isinstance(message, str), f"a message should be a string, not {type(message).__name__}"
        return self._ask(expertise, [message], n_responses, temperature)

    def batch_prompt(self, expertise: str, message_batch: Iterable[str], temperature: float = 0.7) -> list[str]:
        """One answer to each message, in the order of the messages; raises as `prompt` does."""
        is_batch = isinstance(message_batch, Iterable) and not isinstance(message_batch, (str, bytes))
        assert is_batch, "a batch should be a list of messages"
        return self._ask(expertise, list(message_batch), 1, temperature)

    def _ask(self, expertise: str, messages: list[str], n_responses: int, temperature: float) -> list[str]:
        assert isinstance(expertise, str), f"expertise should be a string, not {type(expertise).__name__}"
        assert all(isinstance(message, str) for message in messages), "every message should be a string"
        n_responses = _whole_number(n_responses)
        assert n_responses >= 1, "n_responses should be a positive whole number"
        n_samples = n_responses * len(messages)
        assert 1 <= n_samples <= self.max_responses_per_call, (
            f"a call may have 1 to {self.max_responses_per_call} responses, not {n_samples}"
        )
        for text in (expertise, *messages):
            _require_unicode(text)
        response: PromptResponse = self._engine.ask(
            lambda id: PromptRequest(
                id=id,
                expertise=_str(expertise),
                messages=[_str(message) for message in messages],
                n_responses=n_responses,
                temperature=float(temperature),
            )
        )
        self._initialise(times_used=max(self.times_used, response.times_used))
        return response.answers


# `UtilityView.str` is the paper's name for the description, and hides the builtin in that class.
_str = str


def _require_unicode(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise AssertionError("text should be valid Unicode (it has a lone surrogate)") from None


def _without_numpy(text: Any) -> Any:
    """A string of numpy, as its arrays and its `choice` give them, as a plain one; anything else as it is."""
    return str(text) if type(text) is np.str_ else text


def _whole_number(number: Any) -> int:
    """A whole number of any library as a plain one; 0 for what is none."""
    try:
        return 0 if isinstance(number, bool) else operator.index(number)
    except TypeError:
        return 0


def _provide_modules(engine: EngineConnection, order: ImproverStart) -> LanguageModelView:
    """The language model, once `helpers` and `language_model` can be imported, and thread pools work."""
    own: list[LanguageModelView] = []

    class LanguageModel(LanguageModelView):
        """The class of the one model that there is: whoever makes another gets that one, and the engine hears of it."""

        def __new__(cls, *_args: object, **_kwargs: object) -> Self:
            if not own:
                own.append(super().__new__(cls))
            else:
                engine.notify("new_language_model", "made a model object of its own; it got the one it has")
            return own[0]  # type: ignore[return-value]

        def __init__(self, *_args: object, **_kwargs: object) -> None:
            """Nothing: the model is there already."""

    language_model = LanguageModel()
    LanguageModelView.__init__(language_model, engine, order)
    helpers, models = types.ModuleType("helpers"), types.ModuleType("language_model")
    helpers.__dict__.update(extract_code=extract_code, temp_override=program.function_of)
    models.__dict__["LanguageModel"] = LanguageModel
    sys.modules |= {"helpers": helpers, "language_model": models}
    if "multiprocess" in order.source:
        thread_pools.make_standard_pool_work()
    return language_model
