"""How long a run of the paper takes, beside a loop without isolation: 6 rounds on `lpn`, a model that answers at once.

    .venv/bin/python benchmarks/paper_run.py [--rounds 6] [--task lpn] [--blocks 1]

Both do the same work with the paper's budgets: 4 calls × 6 responses and 25 uses for each improvement, 5 repeats, every
proposal accepted, and the same measurements after each round. `selftaught` runs every program isolated and records
everything; the loop runs them with `exec` in its own process, one after the other, and records nothing. The model
answers from a list, so the seconds are those of everything else.
"""

from __future__ import annotations

import argparse
import asyncio
import copy
import random
import resource
import statistics
import sys
import tempfile
import time
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from selftaught.budget import Budget, Usage
from selftaught.engine import Engine
from selftaught.improver import bundled_improver
from selftaught.meta_utility import MetaUtility
from selftaught.models import LanguageModel, ModelInfo, Reply, Request
from selftaught.recorder import StoreRecorder
from selftaught.recursion import SelfTaughtOptimizer
from selftaught.sandbox import Sandbox, SandboxConfig
from selftaught.settings import PAPER_BUDGET, PAPER_REPEATS, RunSettings
from selftaught.store import RunStart, Store
from selftaught.store.clock import now
from selftaught.task_definition import Task, find_task
from selftaught.worker.code_blocks import extract_code

N_GATE_REPEATS = RunSettings.model_fields["gate_repeats"].default
N_TEST_REPEATS = RunSettings.model_fields["test_repeats"].default

SOLUTIONS = (
    "    return np.zeros(len(test_samples), dtype=int)",
    "    return test_samples[:, np.abs(train_samples.T @ (2 * train_parity - 1)).argmax()]",
    "    chosen = (train_samples.T @ (2 * train_parity - 1)) > 0\n    return test_samples[:, chosen].sum(axis=1) % 2",
    "    distances = (test_samples[:, None, :] != train_samples[None, :, :]).sum(axis=2)\n"
    "    return train_parity[distances.argmin(axis=1)]",
)
"""Solutions of `lpn` that a beginner might write, each 0.1 to 1 ms an instance."""


class InstantModel(LanguageModel):
    """A language model for the clock: it answers at once, each time with another text."""

    info = ModelInfo(name="instant", summary="answers at once", is_language_model=False, version="1")
    improvement_budget: Budget = PAPER_BUDGET
    meta_budget: Budget = PAPER_BUDGET

    def __init__(self) -> None:
        self._n_answers = 0

    def texts(self, message: str, n_responses: int) -> list[str]:
        """As many answers as are wanted: improvers to who asks for an improver, solutions of `lpn` to all others."""
        return [self._text(message) for _ in range(n_responses)]

    def _text(self, message: str) -> str:
        self._n_answers += 1
        mark = f"# idea {self._n_answers}\n"
        if "improve_algorithm" in message:
            return f"``````python\n{mark}{bundled_improver('seed')}\n``````"  # it holds shorter fences itself
        body = SOLUTIONS[self._n_answers % len(SOLUTIONS)]
        head = "import numpy as np\n\n\ndef algorithm(train_samples, train_parity, test_samples):\n"
        return f"```python\n{mark}{head}{body}\n```"

    async def answer(self, request: Request) -> Reply:
        """The answers to a request."""
        return Reply.of(text for message in request.messages for text in self.texts(message, request.n_responses))


# ---------------------------------------------------------------- selftaught


async def run_isolated(task: Task, n_rounds: int, mode: str) -> int:
    """The number of evaluations in a run of the recursion, isolated and recorded."""
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "runs.db", clock=now) as store:
        run_id = store.new_run_id()
        store.start_run(RunStart(run_id=run_id, config={"kind": "benchmark"}, versions={}, isolation=mode))
        usage = Usage()
        async with await Sandbox.start(SandboxConfig(mode=mode)) as sandbox:  # type: ignore[arg-type]
            recorder = StoreRecorder(store, run_id, "instant")
            engine = Engine(sandbox=sandbox, model=InstantModel(), rng_seed=0, recorder=recorder, usage=usage)
            async with engine:
                await _rounds(engine, task, n_rounds)
        return usage.counts()["evaluations"]


async def _rounds(engine: Engine, task: Task, n_rounds: int) -> None:
    meta_utility = MetaUtility(
        engine=engine,
        utilities=await engine.utilities([task]),
        budget=PAPER_BUDGET,
        n_repeats=PAPER_REPEATS,
        split="validation",
        purpose="",
    )
    optimizer = SelfTaughtOptimizer(
        engine=engine,
        meta_utility=meta_utility,
        budget=PAPER_BUDGET,
        n_rounds=n_rounds,
        accept="always",
        n_gate_repeats=N_GATE_REPEATS,
    )
    test = meta_utility.for_purpose("test", split="test", n_repeats=N_TEST_REPEATS)
    async for made in optimizer.rounds(bundled_improver("seed")):
        await test.evaluate(made.improver)


# ---------------------------------------------------------------- a straightforward loop


class OverBudget(Exception):
    """A budget is used up."""


@dataclass
class CountedModel:
    """What an improver of the loop asks."""

    model: InstantModel
    budget: int = PAPER_BUDGET.calls
    max_responses_per_call: int = PAPER_BUDGET.responses
    times_used: int = 0

    def prompt(self, expertise: str, message: str, n_responses: int = 1, temperature: float = 0.7) -> list[str]:
        """Answers to one message."""
        if self.times_used >= self.budget:
            raise OverBudget
        self.times_used += 1
        return self.model.texts(f"{expertise} {temperature} {message}", n_responses)


@dataclass(eq=False)
class CountedUtility:
    """A utility of the loop."""

    value: Callable[[str], float]
    str: str
    budget: int = PAPER_BUDGET.utility_calls
    uses: int = 0

    def __call__(self, solution: Any) -> float:
        """The value of a solution."""
        if self.uses >= self.budget:
            raise OverBudget
        self.uses += 1
        return self.value(solution)


@dataclass
class Loop:
    """The recursion without isolation, without records, and without anything at the same time."""

    task: Task
    model: InstantModel = field(default_factory=InstantModel)
    n_evaluations: int = 0

    def __post_init__(self) -> None:
        self.utility_code: dict[str, Any] = {}
        exec(compile(self.task.utility_source, "utility", "exec"), self.utility_code)
        self.description = self.task.utility_source
        sys.modules["helpers"] = types.ModuleType("helpers")
        sys.modules["helpers"].__dict__["extract_code"] = extract_code

    def run(self, n_rounds: int) -> int:
        """The number of evaluations in `n_rounds` rounds, with the measurements after each."""
        improver = bundled_improver("seed")
        self.meta_value(improver, "gate 0", N_GATE_REPEATS)
        self.meta_value(improver, "test", N_TEST_REPEATS, "test")
        for t in range(1, n_rounds + 1):
            meta = CountedUtility(lambda source, t=t: self.meta_value(source, f"search {t}", PAPER_REPEATS), "")  # type: ignore[misc]
            meta.str = "improve_algorithm"
            before, improver = improver, self.improve(improver, improver, meta)
            for source in {before, improver}:
                self.meta_value(source, f"gate {t}", N_GATE_REPEATS)
            self.meta_value(improver, "test", N_TEST_REPEATS, "test")
        return self.n_evaluations

    def improve(self, improver: str, solution: str, utility: CountedUtility) -> str:
        """What an improver makes of a solution."""
        program: dict[str, Any] = {}
        exec(compile(improver, "improver", "exec"), program)
        return str(program["improve_algorithm"](solution, utility, CountedModel(self.model)))

    def meta_value(self, improver: str, purpose: str, n_repeats: int, split: str = "validation") -> float:
        """The mean over repeats of what an improver makes of the task's seed solution."""
        values = []
        for repeat in range(n_repeats):
            draws = {name: self.draw(f"{purpose} {repeat}", name) for name in {"validation", split}}
            seen = CountedUtility(lambda source, drawn=draws["validation"]: self.value(source, drawn), self.description)  # type: ignore[misc]
            solution = self.improve(improver, self.task.seed_solution, seen)
            self.value(self.task.seed_solution, draws[split])
            values.append(self.value(solution, draws[split]))
        return statistics.fmean(values)

    def draw(self, name: str, split: str) -> list[Any]:
        """Instances."""
        n_instances = self.task.n_validation if split == "validation" else self.task.n_test
        made: list[Any] = self.utility_code["instances"](split, random.Random(f"{name} {split}"), n_instances)
        return made

    def value(self, solution: str, instances: list[Any]) -> float:
        """The mean score of a solution, which gets copies of the inputs."""
        self.n_evaluations += 1
        program: dict[str, Any] = {}
        exec(compile(solution, "solution", "exec"), program)
        algorithm, drive, score = (
            program[str(self.task.entry)],
            self.utility_code.get("drive"),
            self.utility_code["score"],
        )
        scores = []
        for arguments, hidden in instances:
            copied = copy.deepcopy(arguments)
            answer = drive(algorithm, *copied) if drive else algorithm(*copied)
            scores.append(score(arguments, hidden, answer))
        return statistics.fmean(scores)


# ---------------------------------------------------------------- both


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--blocks", type=int, default=3, help="how often each is measured, in turn")
    parser.add_argument("--task", default="lpn")
    parser.add_argument("--mode", default="full")
    asked = parser.parse_args()
    task = find_task(asked.task)
    kinds: dict[str, Callable[[], int]] = {
        f"isolated ({asked.mode})": lambda: asyncio.run(run_isolated(task, asked.rounds, asked.mode)),
        "in-process loop": lambda: Loop(task).run(asked.rounds),
    }
    seconds: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(asked.blocks):
        for name, run in kinds.items():
            started = time.perf_counter()
            n_evaluations = run()
            seconds[name].append(time.perf_counter() - started)
            each = seconds[name][-1] / n_evaluations * 1e3
            print(
                f"{name:20} {seconds[name][-1]:8.1f} s  {n_evaluations:6} evaluations  {each:6.2f} ms each", flush=True
            )
    ratios = [with_isolation / without for with_isolation, without in zip(*seconds.values(), strict=True)]
    print(f"isolated / loop, median of {len(ratios)}: {statistics.median(ratios):.2f}")
    print(f"largest memory of the engine: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
