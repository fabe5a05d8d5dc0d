"""The role `reader`, message by message, in its own isolated process."""

from __future__ import annotations

import contextlib

import msgspec
import pytest

from selftaught.sandbox import ChildEnded, Limits
from selftaught.worker.messages import MAX_FINDINGS, Finding, ReaderReply, Reading, ReadStart, Unreadable

LIMITS = Limits(cpu_seconds=2.0, threads=False)


@pytest.fixture
def replies(run, sandbox):
    """`replies(*sources)`: every message of the reader until it ends, and how it ended."""

    def replies(*sources, limits=LIMITS):
        async def collect():
            found = []
            start = ReadStart(sources=list(sources), subject="static_findings")
            async with sandbox.child("reader", start, limits) as child:
                with contextlib.suppress(ChildEnded):
                    while True:
                        found.append(msgspec.convert(await child.receive(), ReaderReply))
                return found, list(child.violations)

        return run(collect())

    return replies


def test_each_program_gets_one_answer_in_turn(replies):
    found, _ = replies("import socket", "Try harder.", "def f(x): return x")
    finding = Finding(kind="network", detail="import socket", line=1, text="import socket")
    assert found == [
        Reading(index=0, findings=[finding], omitted=0),
        Unreadable(index=1, why="line 1: SyntaxError: invalid syntax"),
        Reading(index=2, findings=[], omitted=0),
    ]


def test_nothing_of_a_program_is_run(replies):
    found, violations = replies("while True: pass", "import os\nos._exit(3)", "open('/etc/passwd')")
    assert [type(reply) for reply in found] == [Reading] * 3
    assert violations == []


def test_of_too_many_findings_the_rest_is_counted(replies):
    [reply], _ = replies("open('x')\n" * 80)
    assert (len(reply.findings), reply.omitted) == (MAX_FINDINGS, 80 - MAX_FINDINGS)


def test_what_was_read_before_one_that_takes_too_long_is_told(replies):
    slow = f"x = [{'a, ' * 60_000}]"
    found, _ = replies("import socket", *[slow] * 40, limits=Limits(cpu_seconds=1.0, threads=False))
    assert isinstance(found[0], Reading)
    assert 1 <= len(found) < 41


def test_where_memory_runs_out_it_ends(replies):
    small = Limits(cpu_seconds=5.0, memory_bytes=24 * 1024 * 1024, threads=False)
    found, _ = replies("import socket", f"x = [{'a, ' * 80_000}]", "import socket", limits=small)
    assert len(found) == 1
