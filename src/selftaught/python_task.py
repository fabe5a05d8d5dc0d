"""Tasks from Python: one decorated function, three functions, or a plain callable on source text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from selftaught.function_source import self_contained_source
from selftaught.task_definition import DEFAULT_ANSWER_MIB, MIB, Task

_OPAQUE_FRAME = """
import random

Answer = float


def instances(split, rng, n):
    return [((rng.getrandbits(32),), None) for _ in range(n)]


def drive(candidate, rng_seed):
    return float({call})


def score(arguments, hidden, answer):
    return answer
"""


def task(
    *, seed_solution: str, entry: str, name: str | None = None, summary: str | None = None, **limits: Any
) -> Callable[[Callable[..., float]], Task]:
    """A decorator that makes a task of `utility(f, rng)`, a score of the function `f`; higher is better.

    The function runs beside the candidate, isolated: the host is safe, the score is a claim (opaque).

    Args:
        seed_solution: The program to start from; it defines `entry`.
        entry: The function that is passed as `f`.
        name: What to call the task; the function's name if not given.
        summary: One line; the function's docstring if not given.
        limits: `n_validation`, `n_test`, `cpu_seconds`, `memory_mib` and what else `task_from_functions` takes.
    """

    def make(utility: Callable[..., float]) -> Task:
        return _opaque_task(
            utility,
            "utility_of(candidate, random.Random(rng_seed))",
            name=name or utility.__name__,
            entry=entry,
            summary=summary,
            seed_solution=seed_solution,
            **limits,
        )

    return make


def task_from_callable(
    utility: Callable[[str], float], *, seed_solution: str, name: str | None = None, **limits: Any
) -> Task:
    """A task of a plain score of source text; opaque, and run isolated."""
    return _opaque_task(
        utility,
        "utility_of(candidate)",
        name=name or utility.__name__,
        entry=None,
        seed_solution=seed_solution,
        **limits,
    )


def task_from_functions(
    *,
    name: str,
    entry: str,
    seed_solution: str,
    instances: Callable[..., Any],
    score: Callable[..., float],
    drive: Callable[..., Any] | None = None,
    summary: str | None = None,
    **limits: Any,
) -> Task:
    """A task of three functions, as `utility.py` of a task folder has them; answers are scored apart from candidates.

    Args:
        name: What to call the task.
        entry: The function that a solution defines.
        seed_solution: The program to start from.
        instances: `instances(split, rng, n)` makes `n` pairs `(arguments, hidden)`.
        score: `score(arguments, hidden, answer)`, higher is better; raises ValueError for a bad answer.
        drive: `drive(candidate, *arguments)` makes the answer; without it the candidate is called on the arguments.
        summary: One line.
        limits: `n_validation`, `n_test`, `cpu_seconds`, `memory_mib`, `answer_mib`, `reference_best`,
            `reference_trivial`, `lowest`, `highest`.
    """
    functions = {"instances": instances, "score": score} | ({} if drive is None else {"drive": drive})
    source = self_contained_source(functions)
    return _make(name, entry, summary or _first_line(score), seed_solution, source, is_opaque=False, **limits)


def _opaque_task(
    utility: Callable[..., float], call: str, *, name: str, entry: str | None, seed_solution: str, **limits: Any
) -> Task:
    summary = limits.pop("summary", None) or _first_line(utility)
    source = self_contained_source({"utility_of": utility}) + _OPAQUE_FRAME.replace("{call}", call)
    return _make(name, entry, summary, seed_solution, source, is_opaque=True, **limits)


def _make(
    name: str, entry: str | None, summary: str, seed_solution: str, source: str, *, is_opaque: bool,
    n_validation: int = 10, n_test: int = 20, cpu_seconds: float = 2.0, memory_mib: int = 256,
    answer_mib: int = DEFAULT_ANSWER_MIB,
    reference_best: str = "not known", reference_trivial: str = "not known",
    lowest: float | None = None, highest: float | None = None,
) -> Task:  # fmt: skip
    return Task(
        name=name,
        entry=entry,
        summary=summary,
        seed_solution=seed_solution,
        utility_source=source,
        reference_best=reference_best,
        lowest=lowest,
        highest=highest,
        reference_trivial=reference_trivial,
        n_validation=n_validation,
        n_test=n_test,
        cpu_seconds=cpu_seconds,
        memory_bytes=memory_mib * MIB,
        answer_bytes=answer_mib * MIB,
        is_opaque=is_opaque,
    )


def _first_line(function: Callable[..., Any]) -> str:
    lines = (function.__doc__ or "").strip().splitlines()
    return lines[0].rstrip(".") if lines else f"maximise {function.__name__}"
