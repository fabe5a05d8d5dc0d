"""Which strategies improvers use: of one improver with the lines that show them, and over the rounds of a run.

It is a static reading, by the same isolated readers as that of an audit: `worker/reading/strategies` follows where
prompts, temperatures and results come from. `docs/strategies.md` has how well that does, and what it cannot see.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from selftaught.analysis.static_findings import Reading, StaticFinding, Subject, read_programs
from selftaught.errors import ConfigError, Outcome
from selftaught.sandbox import Sandbox
from selftaught.source import one_line, sha256_of
from selftaught.store import RoundRecord, Store

STRATEGIES: Mapping[str, str] = {
    "iteration": "later prompts contain programs that came from earlier answers",
    "best_of_n": "every prompt is about the given program, and the answer of the highest utility is taken",
    "beam_search": "the best few programs are all carried into the next prompts, side by side",
    "tree_search": "programs are nodes of a tree or a frontier, from which the next to expand is taken",
    "genetic": "parents are drawn from a population and crossed or mutated, and the fitter survive",
    "population": "several programs are kept, and others than the best of them get into prompts too",
    "diversity": "programs are kept because they differ: one for each feature, or by a distance",
    "simulated_annealing": "a worse program is gone on from by a chance that is the exp of the loss",
    "bandit": "what to ask, or from where, is chosen by an upper bound, a drawn belief or mean rewards",
    "epsilon_greedy": "by some chance a random choice is made, and else the best one",
    "restarts": "the search goes back to the program that was given, after it had gone on from others",
    "temperature_variation": "the sampling temperature differs from call to call",
    "prompt_variety": "hints, roles or wordings are taken in turn, by chance or by what is known",
    "decomposition": "a program or an answer is taken apart, and prompts are about the parts",
    "feedback": "prompts tell what came of earlier tries: values, errors or output",
    "reflection": "what an answer says beside its program, such as a critique or an idea, goes into a prompt",
    "caching": "a program that is known is not valued, or asked about, again",
    "parallel_calls": "uses of the utility or calls of the model run side by side",
    "budget_awareness": "what is left of calls, uses or time decides how it goes on",
    "early_stop": "it ends by what the values say, though budget may be left",
}
"""Every strategy, with what makes it one. An improver may use several, and most do."""

SUBJECT = Subject(name="strategies", kinds=STRATEGIES)
STRATEGIES_ARE = "read from the source, not seen at work; the reading misses some, and errs now and then"
WIDTH = 80
MOST_LINES = 3
MEASURING_ONLY = ("fresh/", "test/")
"""Improvements that measure what the rounds had made already, beside the improvers that it is compared with."""


@dataclass(frozen=True, kw_only=True)
class ImproverStrategies:
    """The strategies of one improver. Text of the program is as it is; escape it where it is shown.

    Attributes:
        sha256: Of its source.
        outcome: `OK` if it could be read; else `message` says why not.
        strategies: Those that it uses, in the order of `STRATEGIES`, with the places that show each.
        omitted: How many more places there are.
    """

    sha256: str
    outcome: Outcome = Outcome.OK
    message: str = ""
    strategies: Mapping[str, tuple[StaticFinding, ...]]
    omitted: int = 0

    def document(self) -> dict[str, Any]:
        """The same as data for JSON."""
        return {
            "sha256": self.sha256,
            "outcome": self.outcome.value,
            "message": self.message,
            "strategies": [
                {
                    "strategy": name,
                    "meaning": STRATEGIES[name],
                    "lines": [{"line": found.line, "text": found.text, "detail": found.detail} for found in places],
                }
                for name, places in self.strategies.items()
            ],
            "omitted": self.omitted,
        }

    def lines(self) -> Iterator[str]:
        """Yields a table of the strategies and the lines that show them; control characters are not escaped."""
        if self.outcome is not Outcome.OK:
            yield one_line(f"It could not be read: {self.outcome}: {self.message}")
            return
        if not self.strategies:
            yield "No strategy was found."
            return
        for name, places in self.strategies.items():
            yield from textwrap.wrap(f"{name}: {STRATEGIES[name]}", WIDTH, subsequent_indent="  ")
            for found in places[:MOST_LINES]:
                yield _cut(f"  {found.line:5}  {one_line(found.text)}")
            if len(places) > MOST_LINES:
                yield f"         and {', '.join(str(found.line) for found in places[MOST_LINES:])}"[:WIDTH]
        if self.omitted:
            yield f"{self.omitted} more places are not listed."


@dataclass(frozen=True, kw_only=True)
class RoundStrategies:
    """The strategies of one round of a run.

    Attributes:
        number: Of the round; 0 is the improver that the run began with.
        accepted: Whether the proposal was taken.
        parent: The improver that made the proposal; None in round 0.
        improver: The one that stands after the round.
        proposal: What the round proposed; None where nothing was.
    """

    number: int
    accepted: bool
    parent: ImproverStrategies | None
    improver: ImproverStrategies
    proposal: ImproverStrategies | None

    @property
    def new(self) -> tuple[str, ...]:
        """What the proposal uses and its parent does not; for round 0 nothing."""
        return _without(self.proposal, self.parent)

    @property
    def lost(self) -> tuple[str, ...]:
        """What the parent uses and the proposal does not."""
        return _without(self.parent, self.proposal)

    def document(self) -> dict[str, Any]:
        """The same as data for JSON."""
        return {
            "round": self.number,
            "accepted": self.accepted,
            "parent": self.parent.sha256 if self.parent else None,
            "improver": self.improver.document(),
            "proposal": self.proposal.document() if self.proposal else None,
            "new": list(self.new),
            "lost": list(self.lost),
        }

    def lines(self) -> Iterator[str]:
        """Yields what the improver uses, and what the proposal adds and drops, where there is one."""
        yield from _listed(f"round {self.number}  {self.improver.sha256[:12]}  ", _names(self.improver))
        if self.parent is None:
            return
        if self.proposal is None:
            yield "         no proposal"
            return
        if self.proposal.sha256 != self.improver.sha256:
            yield from _listed(f"         proposed {self.proposal.sha256[:12]}, rejected: ", _names(self.proposal))
        if Outcome.OK is self.proposal.outcome is self.parent.outcome:
            yield from _listed("         new against its parent: ", self.new) if self.new else ()
            yield from _listed("         no longer there: ", self.lost) if self.lost else ()
            if not self.new and not self.lost:
                yield "         the same as its parent"


@dataclass(frozen=True, kw_only=True)
class RunStrategies:
    """The strategies of a run.

    Attributes:
        isolation: The mode of the sandbox in the run; without one, programs could make up what was accepted.
        rounds: Round by round.
        n_programs: How many different improvers the run began with, proposed or tried; the improvers that only serve
            for the comparison at the end are not among them.
        n_unreadable: How many of these could not be read.
        used_by: How many of them use each strategy, in the order of `STRATEGIES`.
    """

    run_id: str
    isolation: str
    rounds: tuple[RoundStrategies, ...]
    n_programs: int
    n_unreadable: int
    used_by: Mapping[str, int]

    def document(self) -> dict[str, Any]:
        """The same as data for JSON."""
        return {
            "run_id": self.run_id,
            "isolation": self.isolation,
            "what": STRATEGIES_ARE,
            "rounds": [made.document() for made in self.rounds],
            "programs": self.n_programs,
            "unreadable": self.n_unreadable,
            "used_by": dict(self.used_by),
        }

    def lines(self) -> Iterator[str]:
        """Yields the rounds, if it has any, and then how common each strategy is."""
        yield from textwrap.wrap(f"{self.run_id}: strategies, {STRATEGIES_ARE}.", WIDTH)
        yield ""
        for made in self.rounds:
            yield from made.lines()
        if self.rounds:
            yield ""
        n_read = self.n_programs - self.n_unreadable
        yield f"Of {n_read} different improvers that were proposed or tried (and could be read):"
        for name, number in sorted(self.used_by.items(), key=lambda item: -item[1]):
            if number:
                yield f"  {number:4}  {number / n_read:4.0%}  {name}"
        unused = [name for name, number in self.used_by.items() if not number]
        yield from _listed("  by none: ", unused) if unused else ()
        if self.n_unreadable:
            yield f"{self.n_unreadable} could not be read."


async def strategies_of(source: str, sandbox: Sandbox) -> ImproverStrategies:
    """The strategies of an improver; it is read, not run.

    Raises:
        SandboxError: No process can be started.
    """
    sha256 = sha256_of(source)
    readings = await read_programs(sandbox, {sha256: source}, subject=SUBJECT)
    return improver_strategies(sha256, readings[sha256])


async def strategies_of_run(name: str, store: Store, sandbox: Sandbox) -> RunStrategies:
    """The strategies of a recorded run: its improvers are read now, and none is run.

    Args:
        name: The run's id, or its beginning.
        store: Where it is recorded.
        sandbox: Where its programs are read.

    Raises:
        ConfigError: There is no such run, or it is a series of runs.
        SandboxError: No process can be started.
    """
    run = store.run(name)
    if run.config.get("kind") == "series":
        raise ConfigError(
            f"{run.run_id} is a series of runs: look at them one by one; `selftaught show {run.run_id}` names them"
        )
    run_id = run.run_id
    rounds = store.rounds(run_id)
    tried = _programs(rounds) | {
        improvement.improver
        for improvement in store.improvements(run_id)
        if not rounds or not improvement.path.startswith(MEASURING_ONLY)
    }
    sources = {program.sha256: program.source for program in store.programs(run_id) if program.sha256 in tried}
    readings = await read_programs(sandbox, sources, subject=SUBJECT)
    return make_run_strategies(run_id, rounds, readings, isolation=run.isolation)


def make_run_strategies(
    run_id: str, rounds: Sequence[RoundRecord], readings: Mapping[str, Reading], *, isolation: str
) -> RunStrategies:
    """The strategies of a run.

    Args:
        run_id: Which.
        rounds: All of it, in order.
        readings: What was read of each of its improvers, by sha256.
        isolation: The mode of its sandbox.
    """
    read = {sha256: improver_strategies(sha256, reading) for sha256, reading in readings.items()}
    counted = Counter(name for improver in read.values() for name in improver.strategies)
    return RunStrategies(
        run_id=run_id,
        isolation=isolation,
        rounds=tuple(
            RoundStrategies(
                number=made.round,
                accepted=made.accepted,
                parent=read.get(made.parent or ""),
                improver=read[made.improver],
                proposal=read.get(made.candidate or ""),
            )
            for made in rounds
        ),
        n_programs=len(read),
        n_unreadable=sum(improver.outcome is not Outcome.OK for improver in read.values()),
        used_by={name: counted[name] for name in STRATEGIES},
    )


def improver_strategies(sha256: str, reading: Reading) -> ImproverStrategies:
    """The strategies of an improver, from what was read of it."""
    return ImproverStrategies(
        sha256=sha256,
        outcome=reading.outcome,
        message=reading.message,
        strategies={
            name: places
            for name in STRATEGIES
            if (places := tuple(found for found in reading.findings if found.kind == name))
        },
        omitted=reading.omitted,
    )


def _programs(rounds: Iterable[RoundRecord]) -> set[str]:
    named = (sha256 for made in rounds for sha256 in (made.improver, made.candidate, made.parent))
    return {sha256 for sha256 in named if sha256 is not None}


def _names(improver: ImproverStrategies) -> Sequence[str]:
    if improver.outcome is not Outcome.OK:
        return ("could not be read",)
    return tuple(improver.strategies) or ("no strategy found",)


def _without(one: ImproverStrategies | None, other: ImproverStrategies | None) -> tuple[str, ...]:
    """What the one uses and the other does not; nothing unless both could be read."""
    if one is None or other is None or {one.outcome, other.outcome} != {Outcome.OK}:
        return ()
    return tuple(name for name in one.strategies if name not in other.strategies)


# ---------------------------------------------------------------- as text


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"


def _listed(head: str, names: Sequence[str]) -> Iterator[str]:
    """Yields names with commas between them, in lines that fit on a screen."""
    line = head
    for index, name in enumerate(names):
        word = name if index == len(names) - 1 else f"{name}, "
        if len(line) + len(word.rstrip()) > WIDTH and line.strip():
            yield line.rstrip()
            line = " " * 11
        line += word
    yield line
