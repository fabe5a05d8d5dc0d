"""Runs every role once before the first fork, on harmless programs of ours.

What Python sets up at the first use (message types, codecs, regular expressions, caches) is then there in every
child, instead of being made, and its memory copied, in each of them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from . import wire
from .messages import (
    ImproverStart,
    InputsRequest,
    PromptResponse,
    ProposerStart,
    ReadStart,
    ScoreRequest,
    SolutionStart,
    TaskStart,
    UtilityResponse,
)

PROGRAM = "import math\n\n\ndef f(x, y=1.5):\n    return max(x * y, -math.exp(-abs(x)))\n"
UTILITY = (
    "Answer = float\n\n\ndef instances(split, rng, n):\n    return [((rng.random(),), 0.5) for _ in range(n)]\n\n\n"
    "def drive(candidate, x):\n    return candidate(x)\n\n\n"
    "def score(arguments, hidden, answer):\n    return -abs(answer - hidden)\n"
)
IMPROVER = (
    "from helpers import extract_code\n\n\ndef improve_algorithm(s, u, m):\n"
    "    return max([s] + extract_code(m.prompt('', s)), key=u)\n"
)
MESSAGE = f"Improve this:\n\n```python\n{PROGRAM}```\n"


class _Script:
    """A channel whose other end is a list; everything crosses the wire's coding as usual."""

    def __init__(self, *replies: object) -> None:
        self._replies = list(replies)

    def send(self, message: object, at_most: int = 0) -> None:
        wire.decode(wire.encode(message)[wire.HEADER_BYTES :])

    def receive(self) -> object:
        if not self._replies:
            raise EOFError("the rehearsal is over")
        return _over_the_wire(self._replies.pop(0))


def _over_the_wire(message: object) -> object:
    return wire.decode(wire.encode(message)[wire.HEADER_BYTES :])


def rehearse(roles: dict[str, Callable[[Any, object], None]]) -> None:
    """Nothing; every role has run once, and what it changed of the interpreter is as before."""
    streams, modules = (sys.stdout, sys.stderr), set(sys.modules)
    drive = UTILITY[UTILITY.index("def drive") : UTILITY.index("def score")]
    solution = SolutionStart(source=PROGRAM, entry="f", drive=drive, inputs=[[0.5]], rng_seed=1, max_answer_bytes=99)
    improver = ImproverStart(
        source=IMPROVER,
        initial_solution=MESSAGE,
        utility_description="",
        utility_budget=9,
        calls_budget=9,
        max_responses_per_call=9,
        rng_seed=1,
    )
    requests = (
        InputsRequest(split="test", rng_seed=1, n_instances=1),
        ScoreRequest(split="test", rng_seed=1, n_instances=1, answers=[0.5]),
    )
    answers = (
        PromptResponse(id=1, answers=[MESSAGE], times_used=1),
        UtilityResponse(id=2, value=1.0, uses=1),
        UtilityResponse(id=3, value=2.0, uses=2),
    )
    scripts: dict[str, tuple[_Script, object]] = {
        "solution": (_Script(), solution),
        "task": (_Script(*requests), TaskStart(source=UTILITY)),
        "improver": (_Script(*answers), improver),
        "proposer": (_Script(), ProposerStart(message=MESSAGE, n_responses=2, temperature=0.7, rng_seed=1)),
        "reader": (_Script(), ReadStart(sources=[PROGRAM, "import socket\n"], subject="static_findings")),
    }
    try:
        for role, (channel, start) in scripts.items():
            if role in roles:
                roles[role](channel, _over_the_wire(start))
    finally:
        sys.stdout, sys.stderr = streams
        for name in set(sys.modules) - modules:
            if name.startswith("__") or name in ("helpers", "language_model"):
                del sys.modules[name]
