"""Role `improver`: one improvement by a program that believes itself alone with a utility and a language model.

The program sees the interface of the paper's released code, so that improvers written for it run unchanged. Here
the utility and the model are views: they hold no key, no budget and no score, and every use is a request that the
engine serves or refuses. Setting an attribute of a view has no effect and is recorded.
"""

from __future__ import annotations

import contextlib
import math
import sys
import threading
import types
from collections.abc import Callable
from typing import Any, Literal, NoReturn

import msgspec

from . import program
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
    language_model = LanguageModelView(engine, order)
    _provide_modules(engine, language_model)
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

    def __init__(self, engine: EngineConnection, order: ImproverStart) -> None:
        self._initialise(_engine=engine, str=order.utility_description, budget=order.utility_budget, uses=0)

    def __call__(self, solution: Any) -> float:
        """The utility of a solution, higher is better; `-inf` if the solution fails.

        Raises:
            BudgetExceeded: The budget of uses is used up.
            AssertionError: The solution is not a string; nothing was spent.
        """
        assert type(solution) is _str, f"a solution should be a string, not {type(solution).__name__}"
        _require_unicode(solution)
        response: UtilityResponse = self._engine.ask(lambda id: UtilityRequest(id=id, solution=solution))
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

    def batch_prompt(self, expertise: str, message_batch: list[str], temperature: float = 0.7) -> list[str]:
        """One answer to each message, in the order of the messages; raises as `prompt` does."""
        assert isinstance(message_batch, (list, tuple)), "a batch should be a list of messages"
        return self._ask(expertise, list(message_batch), 1, temperature)

    def _ask(self, expertise: str, messages: list[str], n_responses: int, temperature: float) -> list[str]:
        assert isinstance(expertise, str), f"expertise should be a string, not {type(expertise).__name__}"
        assert all(isinstance(message, str) for message in messages), "every message should be a string"
        assert type(n_responses) is int and n_responses >= 1, "n_responses should be a positive whole number"
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


def _provide_modules(engine: EngineConnection, language_model: LanguageModelView) -> None:
    """Makes `from helpers import extract_code` and `from language_model import LanguageModel` work."""
    helpers = types.ModuleType("helpers")
    helpers.__dict__["extract_code"] = extract_code
    models = types.ModuleType("language_model")

    def new_language_model(*_args: object, **_kwargs: object) -> LanguageModelView:
        engine.notify("new_language_model", "made a model object of its own; it got the one it has")
        return language_model

    models.__dict__["LanguageModel"] = new_language_model
    sys.modules["helpers"] = helpers
    sys.modules["language_model"] = models
