"""Zygotes and children that are killed from outside, and machines out of memory or of room for processes.

What befalls a program is never held against it: it is run again and scored exactly, or the run stops with one
sentence that says what to do.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from selftaught.budget import Budget
from selftaught.engine import Assignment
from selftaught.errors import Outcome, SandboxError
from selftaught.meta_utility import UtilityOnDraw
from selftaught.sandbox import Sandbox, SandboxConfig
from selftaught.sandbox.zygote_process import ZygoteProcess
from selftaught.task_definition import MIB, Task
from selftaught.utility import Draw, Evaluation, Utility, open_utility

DRAW = Draw(split="validation", key="recovery", rng_seed=0)

# Some 40 ms of work for all instances, with random numbers of its own: what is run twice would show.
HONEST = """
import random
import numpy as np


def double(numbers):
    work = sum(i * i for i in range(100_000)) % 2
    return [2 * number - random.random() - work * np.random.random() for number in numbers]
"""
WAITING = HONEST.replace("work =", "import time; time.sleep(0.3); work =")

IMPROVER = """
def improve_algorithm(initial_solution, utility, language_model):
    best = initial_solution
    for step in range(3):
        for answer in language_model.prompt("you", f"step {step}", n_responses=2):
            best = max(best, answer, key=utility)
    return best
"""


def answer_of(message: str, sample: int) -> str:
    step = int(message.split()[-1])
    return f"def double(numbers):\n    return [number * {1 + (2 * step + sample) / 8} for number in numbers]\n"


def zygotes_of(sandbox: Sandbox) -> list[ZygoteProcess]:
    return [zygote for zygote in sandbox._zygotes if zygote.alive]


def children_of(sandbox: Sandbox) -> list[int]:
    """The processes of the children under way, that of a task's own code among them."""
    return [child.pid for zygote in zygotes_of(sandbox) for child in zygote.children.values() if child.pid > 0]


async def until(condition: Callable[[], Any]) -> Any:
    async with asyncio.timeout(30):
        while not (found := condition()):
            await asyncio.sleep(0.005)
        return found


@contextlib.asynccontextmanager
async def opened(task: Task, workers: int = 2) -> AsyncIterator[tuple[Sandbox, Utility]]:
    """A sandbox that may be harmed, and a utility in it."""
    config = SandboxConfig(workers=workers, self_test=False)
    async with await Sandbox.start(config) as sandbox, open_utility(task, sandbox) as utility:
        yield sandbox, utility


def in_a_sandbox(run: Any, task: Task, body: Callable[[Sandbox, Utility], Awaitable[Any]], workers: int = 2) -> Any:
    async def scenario() -> Any:
        async with opened(task, workers) as (sandbox, utility):
            return await body(sandbox, utility)

    return run(scenario())


@pytest.fixture(scope="module")
def task(doubling: Task) -> Task:
    return dataclasses.replace(doubling, cpu_seconds=2.0)


@pytest.fixture(scope="module")
def exact(evaluate: Any, task: Task) -> Evaluation:
    """What the honest program is worth in peace."""
    evaluation = evaluate(task, HONEST, on=DRAW)
    assert evaluation.outcome is Outcome.OK
    assert len(set(evaluation.scores)) == task.n_validation
    return evaluation


def is_exact(evaluation: Evaluation, exact: Evaluation) -> bool:
    return (evaluation.outcome, evaluation.scores, evaluation.value) == (Outcome.OK, exact.scores, exact.value)


def test_zygotes_killed_while_programs_run_change_no_score(run: Any, task: Task, exact: Evaluation) -> None:
    async def body(sandbox: Sandbox, utility: Utility) -> list[Evaluation]:
        evaluations = [asyncio.create_task(utility.evaluate(f"{HONEST}# {number}", DRAW)) for number in range(24)]
        for _ in range(3):
            await until(lambda: len(zygotes_of(sandbox)) == 2 and children_of(sandbox))
            os.kill(zygotes_of(sandbox)[0].pid, signal.SIGKILL)
            await asyncio.sleep(0.1)
        return await asyncio.gather(*evaluations)

    evaluations = in_a_sandbox(run, task, body)
    assert all(is_exact(evaluation, exact) for evaluation in evaluations)


def test_all_zygotes_killed_at_once_are_replaced(run: Any, task: Task, exact: Evaluation) -> None:
    async def body(sandbox: Sandbox, utility: Utility) -> list[Evaluation]:
        before = {zygote.pid for zygote in zygotes_of(sandbox)}
        evaluations = [asyncio.create_task(utility.evaluate(f"{WAITING}# {number}", DRAW)) for number in range(3)]
        await until(lambda: len(children_of(sandbox)) >= 3)
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        done = await asyncio.gather(*evaluations)
        await until(lambda: len(zygotes_of(sandbox)) == 2)
        assert not before & {zygote.pid for zygote in zygotes_of(sandbox)}
        return [*done, await utility.evaluate(HONEST, DRAW)]

    evaluations = in_a_sandbox(run, task, body)
    assert all(is_exact(evaluation, exact) for evaluation in evaluations)


@contextlib.contextmanager
def killed_while_they_start(monkeypatch: pytest.MonkeyPatch, times: int, number: int) -> Iterator[list[int]]:
    """Sends a signal to the first zygotes that are started, before they have said a word; yields whom it hit."""
    spawn, hit = ZygoteProcess._spawn, []

    def spawn_and_kill(self: ZygoteProcess, control: int) -> Any:
        process = spawn(self, control)
        if len(hit) < times:
            hit.append(process.pid)
            os.killpg(process.pid, number)  # bubblewrap may have forked already
        return process

    with monkeypatch.context() as patch:
        patch.setattr(ZygoteProcess, "_spawn", spawn_and_kill)
        yield hit


@pytest.mark.parametrize("mode", ["auto", "confined"])
def test_a_zygote_killed_while_it_starts_is_started_again_in_the_same_mode(
    run: Any, task: Task, exact: Evaluation, monkeypatch: pytest.MonkeyPatch, mode: Any
) -> None:
    """Else a kill at the right moment would weaken the isolation, or be taken for a machine that has none."""

    async def usual() -> str:
        async with await Sandbox.start(SandboxConfig(mode=mode, workers=1, self_test=False)) as sandbox:
            return sandbox.mode

    async def scenario() -> tuple[str, Evaluation]:
        config = SandboxConfig(mode=mode, workers=1, self_test=False)
        with killed_while_they_start(monkeypatch, 2, signal.SIGKILL) as hit:
            async with await Sandbox.start(config) as sandbox, open_utility(task, sandbox) as utility:
                assert len(hit) == 2
                return sandbox.mode, await utility.evaluate(HONEST, DRAW)

    expected = run(usual())
    made, evaluation = run(scenario())
    assert made == expected
    assert (evaluation.outcome, evaluation.scores) == (exact.outcome, exact.scores)


def test_nothing_is_left_of_a_zygote_that_is_given_up_while_it_starts(run: Any, mode: str) -> None:
    """At each of the first moments: while bubblewrap forks, and while its child waits to be let go on."""

    async def scenario() -> list[int]:
        async with await Sandbox.start(SandboxConfig(mode=mode, workers=1, self_test=False)) as sandbox:  # type: ignore[arg-type]
            groups = []
            for moment in range(40):
                starting = ZygoteProcess(sandbox.plan)
                groups.append(starting._process.pid)
                await asyncio.sleep(moment * 0.0002)
                starting.close()
            return groups

    groups = run(scenario())
    run(until(lambda: not processes_of(groups)))


def processes_of(groups: list[int]) -> list[int]:
    """The processes of those groups that have not ended."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, group = path.read_text().rpartition(")")[2].split()[:3]
            if int(group) in groups and state not in "ZX":
                found.append(int(path.parent.name))
    return found


@pytest.mark.parametrize(("times", "number"), [(1000, signal.SIGKILL), (1, signal.SIGSYS)])
def test_a_zygote_that_is_killed_for_ever_or_by_a_filter_is_refused(
    run: Any, monkeypatch: pytest.MonkeyPatch, times: int, number: int
) -> None:
    async def scenario() -> None:
        async with await Sandbox.start(SandboxConfig(mode="sealed", workers=1, self_test=False)):
            pass

    users = {None, 65534}
    with (
        killed_while_they_start(monkeypatch, times if times > 1 else len(users), number) as hit,
        pytest.raises(SandboxError),
    ):
        run(scenario())
    assert 1 <= len(hit) <= 5 * len(users)


def test_a_program_killed_from_outside_once_is_run_again(run: Any, task: Task, exact: Evaluation) -> None:
    async def body(sandbox: Sandbox, utility: Utility) -> Evaluation:
        of_task = set(children_of(sandbox))
        evaluation = asyncio.create_task(utility.evaluate(WAITING, DRAW))
        [program] = await until(lambda: set(children_of(sandbox)) - of_task)
        os.kill(program, signal.SIGKILL)
        return await evaluation

    evaluation = in_a_sandbox(run, task, body)
    assert is_exact(evaluation, exact)
    assert evaluation.violations == ()


def test_a_program_killed_from_outside_again_and_again_stops_the_run_in_one_sentence(run: Any, task: Task) -> None:
    async def body(sandbox: Sandbox, utility: Utility) -> str:
        of_task = set(children_of(sandbox))
        evaluation = asyncio.create_task(utility.evaluate(WAITING, DRAW))
        while not evaluation.done():
            for program in set(children_of(sandbox)) - of_task:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(program, signal.SIGKILL)
            await asyncio.sleep(0.01)
        with pytest.raises(SandboxError) as raised:
            await evaluation
        return str(raised.value)

    message = in_a_sandbox(run, task, body)
    assert "mend: " in message
    assert "\n" not in message


def test_a_task_s_own_process_killed_between_two_uses_is_started_again(run: Any, task: Task, exact: Evaluation) -> None:
    async def body(sandbox: Sandbox, utility: Utility) -> list[Evaluation]:
        first = await utility.evaluate(f"{HONEST}# first", DRAW)
        [of_task] = children_of(sandbox)
        os.kill(of_task, signal.SIGKILL)
        second = await utility.evaluate(HONEST, DRAW)
        assert of_task not in children_of(sandbox)
        return [first, second]

    assert all(is_exact(evaluation, exact) for evaluation in in_a_sandbox(run, task, body))


@pytest.mark.parametrize("victim", ["zygotes", "children"])
def test_processes_that_are_stopped_for_a_while_change_no_score(
    run: Any, task: Task, exact: Evaluation, victim: str
) -> None:
    async def body(sandbox: Sandbox, utility: Utility) -> list[Evaluation]:
        evaluations = [asyncio.create_task(utility.evaluate(f"{WAITING}# {number}", DRAW)) for number in range(4)]
        pids = await until(lambda: len(children_of(sandbox)) > 2 and children_of(sandbox))
        if victim == "zygotes":
            pids = [zygote.pid for zygote in zygotes_of(sandbox)]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(0.5)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        return await asyncio.gather(*evaluations)

    assert all(is_exact(evaluation, exact) for evaluation in in_a_sandbox(run, task, body))


@dataclasses.dataclass
class Improved:
    """One improvement as seen from outside."""

    solution: str | None
    outcome: Outcome
    usage: Any
    asked: list[str]
    recorded: list[Any]


def improve(
    run: Any, engine: Any, scripted_model: Any, task: Task, recorder: Any,
    harm: Callable[[Sandbox, set[int]], Awaitable[None]] | None = None,
) -> Improved:  # fmt: skip
    """One improvement; `harm` comes over its processes while it is under way."""
    model = scripted_model(answer_of)

    async def body(sandbox: Sandbox, utility: Utility) -> Any:
        of_task = set(children_of(sandbox))
        async with engine(model, recorder, on=sandbox) as made:
            assignment = Assignment(
                scope="recovery", improver=IMPROVER, initial_solution=task.seed_solution, task=task.name,
                budget=Budget(calls=3, responses=2, utility_calls=15),
            )  # fmt: skip
            under_way = asyncio.create_task(made.improve(assignment, UtilityOnDraw(utility, DRAW)))
            if harm is not None:
                await until(lambda: len(model.asked) >= 2)
                await harm(sandbox, of_task)
            return await under_way

    improvement = in_a_sandbox(run, task, body)
    return Improved(
        solution=improvement.solution,
        outcome=improvement.outcome,
        usage=improvement.usage,
        asked=[request.messages[0] for request in model.asked],
        recorded=[(method, repr(response)) for method, _, response in recorder.exchanges],
    )


async def kill_the_zygotes(sandbox: Sandbox, _: set[int]) -> None:
    for zygote in zygotes_of(sandbox):
        os.kill(zygote.pid, signal.SIGKILL)


async def kill_the_children(sandbox: Sandbox, of_task: set[int]) -> None:
    for pid in set(children_of(sandbox)) - of_task:
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("harm", [kill_the_zygotes, kill_the_children])
def test_an_improvement_is_the_same_whatever_befalls_its_processes(
    run: Any, engine: Any, scripted_model: Any, task: Task, recorder: Any, harm: Any
) -> None:
    in_peace = improve(run, engine, scripted_model, task, recorder)
    assert in_peace.outcome is Outcome.OK
    assert in_peace.asked == ["step 0", "step 1", "step 2"]
    harmed = improve(run, engine, scripted_model, task, type(recorder)(), harm)
    assert harmed == in_peace  # the model is asked, and paid, once for each call


class ControlGroup:
    """A group of processes with a limit of its own, by the kernel's control groups of version 1 or 2."""

    def __init__(self, controller: str, limit: str) -> None:
        root = Path("/sys/fs/cgroup")
        self.folder = (root / controller if (root / controller).is_dir() else root) / f"selftaught-{os.getpid()}"
        self.limit = limit

    def __enter__(self) -> ControlGroup:
        try:
            self.folder.mkdir()
            if not (self.folder / self.limit).exists():
                raise OSError(f"there is no {self.limit}")
        except OSError as error:
            with contextlib.suppress(OSError):
                self.folder.rmdir()
            pytest.skip(f"control groups cannot be used here: {error}")
        return self

    def hold(self, sandbox: Sandbox, limit: str) -> None:
        """Nothing; the zygotes, and what they fork from now on, are under the limit."""
        for zygote in zygotes_of(sandbox):
            (self.folder / "cgroup.procs").write_text(str(zygote.pid))
        self.set(limit)

    def set(self, limit: str) -> None:
        (self.folder / self.limit).write_text(limit)

    def __exit__(self, *_: object) -> None:
        self.folder.rmdir()


@pytest.fixture
def process_slots() -> Iterator[ControlGroup]:
    """A group whose number of processes is limited."""
    with ControlGroup("pids", "pids.max") as group:
        yield group


@pytest.fixture
def memory() -> Iterator[ControlGroup]:
    """A group whose memory is limited."""
    v1 = Path("/sys/fs/cgroup/memory").is_dir()
    with ControlGroup("memory", "memory.limit_in_bytes" if v1 else "memory.max") as group:
        yield group


def test_without_room_for_another_process_there_is_a_clear_stop_and_no_score(
    run: Any, task: Task, exact: Evaluation, process_slots: ControlGroup
) -> None:
    async def body(sandbox: Sandbox, utility: Utility) -> tuple[str, Evaluation]:
        process_slots.hold(sandbox, "1")
        with pytest.raises(SandboxError) as raised:
            await utility.evaluate(HONEST, DRAW)
        process_slots.set("max")
        return str(raised.value), await utility.evaluate(f"{HONEST}# again", DRAW)

    message, evaluation = in_a_sandbox(run, task, body)
    assert message.startswith("no process can be started for a program: ")
    assert "run `selftaught doctor`" in message
    assert "\n" not in message
    assert is_exact(evaluation, exact)


def test_room_for_another_process_that_comes_back_in_time_is_all_that_is_needed(
    run: Any, task: Task, exact: Evaluation, process_slots: ControlGroup
) -> None:
    async def body(sandbox: Sandbox, utility: Utility) -> Evaluation:
        process_slots.hold(sandbox, "1")
        evaluation = asyncio.create_task(utility.evaluate(HONEST, DRAW))
        await asyncio.sleep(0.15)
        process_slots.set("max")
        return await evaluation

    assert is_exact(in_a_sandbox(run, task, body), exact)


GREEDY = "block = bytearray(150 * 2**20)\nblock[::4096] = b'x' * len(block[::4096])\n" + HONEST


def test_a_machine_out_of_memory_is_no_fault_of_the_program_that_is_killed_for_it(
    run: Any, task: Task, exact: Evaluation, memory: ControlGroup
) -> None:
    roomy = dataclasses.replace(task, memory_bytes=256 * MIB)

    async def body(sandbox: Sandbox, utility: Utility) -> list[Any]:
        in_peace = await utility.evaluate(f"{GREEDY}# in peace", DRAW)
        memory.hold(sandbox, str(100 * MIB))
        with pytest.raises(SandboxError) as raised:
            await utility.evaluate(GREEDY, DRAW)
        modest = await utility.evaluate(HONEST, DRAW)
        memory.set(str(1024 * MIB))
        return [str(raised.value), in_peace, modest, await utility.evaluate(f"{GREEDY}# again", DRAW)]

    message, *evaluations = in_a_sandbox(run, roomy, body)
    assert "mend: " in message
    assert "\n" not in message
    assert all(is_exact(evaluation, exact) for evaluation in evaluations)


def test_a_program_over_its_own_limit_of_memory_is_still_at_fault(run: Any, task: Task) -> None:
    """The control: what is its own doing stays an outcome."""

    async def body(sandbox: Sandbox, utility: Utility) -> Evaluation:
        return await utility.evaluate(GREEDY, DRAW)

    assert in_a_sandbox(run, task, body).outcome is Outcome.OUT_OF_MEMORY
