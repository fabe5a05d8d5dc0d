"""The role `solution`, message by message, in its own isolated process."""

from __future__ import annotations

import contextlib

import msgspec
import pytest

from selftaught.sandbox import ChildEnded, Limits
from selftaught.worker.messages import Answers, Failure, Finished, SolutionReply, SolutionStart

LIMITS = Limits(cpu_seconds=1.0)


@pytest.fixture
def replies(run, sandbox):
    """`replies(source, inputs, ...)`: every message of the worker until it ends."""

    def replies(source, inputs, *, entry="f", drive=None):
        start = SolutionStart(source=source, entry=entry, drive=drive, inputs=inputs, rng_seed=0, max_answer_bytes=4096)

        async def collect():
            found = []
            async with sandbox.child("solution", start, LIMITS) as child:
                with contextlib.suppress(ChildEnded):
                    while True:
                        found.append(msgspec.convert(await child.receive(), SolutionReply))
            return found

        return run(collect())

    return replies


def test_answers_to_short_instances_go_out_together(replies):
    assert replies("def f(x): return x + 1", [[1], [2], [3]]) == [Answers(answers=[2, 3, 4]), Finished(printed="")]


def test_answers_to_long_instances_go_out_as_they_come(replies):
    slow = "import time\ndef f(x):\n    time.sleep(0.06)\n    return x"
    assert replies(slow, [[1], [2]]) == [Answers(answers=[1]), Answers(answers=[2]), Finished(printed="")]


def test_what_was_printed_comes_at_the_end(replies):
    assert replies("print('loaded')\ndef f(x): print(x)", [[1], [2]])[-1] == Finished(printed="loaded\n1\n2\n")


def test_a_failure_ends_it_and_keeps_back_what_was_not_sent(replies):
    found = replies("def f(x): return 1 // x", [[1], [0], [1]])
    message = "line 1: ZeroDivisionError: integer division or modulo by zero"
    assert found == [Failure(outcome="raised", message=message)]


def test_several_arguments_are_passed_in_order(replies):
    assert replies("def f(x, y): return [x, y]", [[1, "a"]])[0] == Answers(answers=[[1, "a"]])


def test_a_drive_runs_beside_and_gets_the_candidate_first(replies):
    drive = "def drive(candidate, x): return [candidate(x), candidate(-x)]"
    assert replies("def f(x): return abs(x)", [[2]], drive=drive)[0] == Answers(answers=[[2, 2]])


def test_without_an_entry_a_drive_gets_the_text(replies):
    drive = "def drive(text, x): return text * x"
    assert replies("any text ", [[2]], entry=None, drive=drive)[0] == Answers(answers=["any text any text "])


def test_no_instance_means_no_answer(replies):
    assert replies("def f(x): return x", []) == [Finished(printed="")]
