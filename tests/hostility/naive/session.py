"""A session as one writes it without hostile improvers in mind: budgets and engine in the improver's process.

In its scope: `program`, `initial_solution`, `utility_source`, `budget`, `test_labels`, `key_variable` and its `key`.
"""

import os
import sys
import threading
import time
import types

COUNTS = {"calls": 0, "uses": 0, "largest": 0, "at_once": 0, "late": 0}
NOW = [0]
ENDED = [False]
FALLS = []


class BudgetExceeded(Exception):
    """A budget is used up."""


class Engine:
    """Serves whatever comes: budgets are the views' affair."""

    def __init__(self):
        self._channel = self
        self._answers = []

    def send(self, request):
        try:
            self._answers.append(self._serve(request, 0.02))
        except BaseException as error:
            FALLS.append(error)
            raise

    def receive(self):
        return self._answers.pop(0)

    def ask(self, request):
        return self._serve(request)

    def _serve(self, request, seconds=0.0005):
        n = request["n_responses"] * len(request["messages"]) if request["type"] == "prompt" else 1
        NOW[0] += 1
        COUNTS["at_once"] = max(COUNTS["at_once"], NOW[0])
        if request["type"] == "prompt":
            COUNTS["calls"] += 1
            COUNTS["largest"] = max(COUNTS["largest"], n)
        else:
            request["solution"].encode()
            COUNTS["uses"] += 1
        if ENDED[0]:
            COUNTS["late"] += 1
        time.sleep(seconds)
        NOW[0] -= 1
        return {"kind": "served", "value": 0.5, "answers": ["an answer"] * min(n, 1000)}


class Utility:
    """A utility whose budget is an attribute."""

    def __init__(self, engine):
        self._engine = engine
        self.budget = budget["uses"]  # noqa: F821 - given
        self.uses = 0
        self.str = utility_source  # noqa: F821 - given
        self._instances = {"test": test_labels}  # noqa: F821 - given

    def __call__(self, solution):
        if self.uses >= self.budget:
            raise BudgetExceeded
        value = self._engine.ask({"type": "utility", "solution": solution})["value"]
        self.uses += 1
        return value


class LanguageModel:
    """A model whose budget is an attribute."""

    def __init__(self, budget=None, max_responses_per_call=None):
        self._engine = ENGINE
        self.budget = budget or globals()["budget"]["calls"]
        self.max_responses_per_call = max_responses_per_call or globals()["budget"]["responses"]
        self.times_used = 0

    def prompt(self, expertise, message, n_responses=1, temperature=0.7):
        return self._ask(expertise, [message], n_responses)

    def batch_prompt(self, expertise, message_batch, temperature=0.7):
        return self._ask(expertise, message_batch, 1)

    def _ask(self, expertise, messages, n_responses):
        if self.times_used >= self.budget:
            raise BudgetExceeded
        assert n_responses * len(messages) <= self.max_responses_per_call
        request = {"type": "prompt", "expertise": expertise, "messages": messages, "n_responses": n_responses}
        answers = self._engine.ask(request)["answers"]
        self.times_used += 1
        return answers


ENGINE = Engine()


def attack():
    """Sends the counts, and what the improver returned."""
    os.environ[key_variable] = key  # noqa: F821 - given
    models, helpers = types.ModuleType("language_model"), types.ModuleType("helpers")
    models.LanguageModel = LanguageModel
    helpers.extract_code = str
    sys.modules["language_model"], sys.modules["helpers"] = models, helpers
    scope = {"__name__": "improver"}
    detail = ""
    try:
        exec(compile(program, "<improver>", "exec"), scope)  # noqa: F821 - given
        solution = scope["improve_algorithm"](initial_solution, Utility(ENGINE), LanguageModel())  # noqa: F821 - given
    except BaseException as error:  # noqa: BLE001 - whatever the improver does, the counts are what matters
        solution, detail = "", repr(error)
    ENDED[0] = True
    # What goes on in threads has time to show on a busy machine too.
    patient_until = time.monotonic() + 3.0
    while time.monotonic() < patient_until and threading.active_count() > 1 and not COUNTS["late"]:
        time.sleep(0.05)
    if FALLS:
        detail = "the engine falls"
    channel.send({"detail": detail, "counts": dict(COUNTS), "solution": str(solution)[:100_000]})  # noqa: F821 - given
    threading.Event().wait()
