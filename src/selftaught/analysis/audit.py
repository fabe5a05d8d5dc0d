"""What a run has on record against its programs: what they tried; apart from that, what their source and scores show.

`attempts` is dynamic: the kernel and the engine saw it happen, and it counts tries. `static_findings` is what a
reading of the source shows, which proves nothing and is easily evaded; it counts places. `scores` is what the measured
scores show (`reward_hacking.py`). Three kinds of evidence, three sections: no number here adds one to another.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from selftaught.analysis.reward_hacking import ScoreFindings, ScoreRange, find_scores, ranges_of
from selftaught.analysis.static_findings import KINDS, Reading, StaticFinding, read_programs
from selftaught.errors import VIOLATION_KINDS, ConfigError, Outcome
from selftaught.sandbox import Sandbox
from selftaught.source import one_line
from selftaught.store import EvaluationRecord, ImprovementRecord, Store, ViolationRecord

ATTEMPTS_ARE = "what programs tried while they ran and may not, as far as the kernel and the engine see it"
STATIC_FINDINGS_ARE = (
    "what the source of programs shows; a program with findings may have done nothing, and one without may hide it"
)
NEVER_RUN = "not run"


@dataclass(frozen=True, kw_only=True)
class AttemptsOfProgram:
    """What one program tried of one kind.

    Attributes:
        program: Its sha256; None where the record names none.
        count: How many tries.
        first_at: The moment of the first.
        details: Each different detail with its number of tries, in the order of the first.
        evaluations: How often its evaluations ended in each outcome.
        improvements: The same of its uses as an improver.
    """

    program: str | None
    count: int
    first_at: datetime | None
    details: Mapping[str, int]
    evaluations: Mapping[str, int]
    improvements: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class AttemptsOfKind:
    """What was tried of one kind, by the programs that did, in the order of the first try."""

    kind: str
    meaning: str
    count: int
    programs: tuple[AttemptsOfProgram, ...]


@dataclass(frozen=True, kw_only=True)
class FindingsOfProgram:
    """The places of one kind in one program, in the order of lines."""

    program: str
    findings: tuple[StaticFinding, ...]


@dataclass(frozen=True, kw_only=True)
class FindingsOfKind:
    """The places of one kind, by program."""

    kind: str
    meaning: str
    count: int
    programs: tuple[FindingsOfProgram, ...]


@dataclass(frozen=True, kw_only=True)
class UnreadableProgram:
    """A program that could not be read; `outcome` and `message` say why."""

    program: str
    outcome: Outcome
    message: str


@dataclass(frozen=True, kw_only=True)
class Audit:
    """The audit of a run. Text of programs is as it is; escape it where it is shown.

    Attributes:
        isolation: The mode of the sandbox in the run: what was refused, and what could be seen, depends on it.
        records_refusals: Whether refused system calls could be seen; if not, the rest of the record stands.
        attempts: What was tried, the kind with the most tries first.
        static_findings: What was found in sources, in the order of `KINDS`.
        n_read: How many programs were read.
        unreadable: Those that could not be.
        omitted: How many more findings there are than are listed, for each program that has too many.
        scores: Scores that are worth a look.
        opaque: The tasks whose scores are claims: that nothing is out of range there says little.
    """

    run_id: str
    isolation: str
    records_refusals: bool
    attempts: tuple[AttemptsOfKind, ...]
    static_findings: tuple[FindingsOfKind, ...]
    n_read: int
    unreadable: tuple[UnreadableProgram, ...]
    omitted: Mapping[str, int]
    scores: ScoreFindings = field(default_factory=ScoreFindings)
    opaque: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """The audit as data for JSON, its sections apart."""
        return {
            "run_id": self.run_id,
            "isolation": self.isolation,
            "records_refusals": self.records_refusals,
            "opaque": list(self.opaque),
            "attempts": {
                "what": ATTEMPTS_ARE,
                "count": sum(kind.count for kind in self.attempts),
                "kinds": [_plain(asdict(kind)) for kind in self.attempts],
            },
            "static_findings": {
                "what": STATIC_FINDINGS_ARE,
                "count": sum(kind.count for kind in self.static_findings),
                "kinds": [_plain(asdict(kind)) for kind in self.static_findings],
                "programs_read": self.n_read,
                "programs_unreadable": len(self.unreadable),
                "unreadable": [_plain(asdict(program)) for program in self.unreadable],
                "omitted": dict(self.omitted),
            },
            "scores": self.scores.document(),
        }

    def lines(self, *, most_programs: int | None = None) -> Iterator[str]:
        """Yields the audit as text, one line each, whatever the programs hold; control characters are not escaped.

        Args:
            most_programs: How many are listed of each kind; None lists all.
        """
        yield f"{self.run_id}: isolation {self.isolation}"
        if not self.records_refusals:
            yield "Refused system calls left no record in this run: nothing below says that nothing was tried."
        yield ""
        yield f"Attempts: {ATTEMPTS_ARE}."
        yield from _attempt_lines(self.attempts, most_programs) if self.attempts else ("  none",)
        yield ""
        yield f"Static findings: {STATIC_FINDINGS_ARE}."
        yield from _finding_lines(self.static_findings, most_programs) if self.static_findings else ("  none",)
        for program, number in list(self.omitted.items())[:most_programs]:
            yield f"  {program[:12]}  {number} more findings are not listed"
        yield f"  {self.n_read} programs were read, {len(self.unreadable)} could not be"
        for unread in self.unreadable[:most_programs]:
            yield one_line(f"    {unread.program[:12]}  {unread.outcome}: {unread.message}")
        yield from _rest(self.unreadable, most_programs)
        yield ""
        yield from self.scores.lines(most_programs)


async def audit_run(name: str, store: Store, sandbox: Sandbox) -> Audit:
    """The audit of a recorded run: its programs are read now, and none is run.

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
            f"{run.run_id} is a series of runs: audit them one by one; `selftaught show {run.run_id}` names them"
        )
    sources = {program.sha256: program.source for program in store.programs(run.run_id)}
    audit = make_audit(
        run_id=run.run_id,
        isolation=run.isolation,
        records_refusals=bool(run.config.get("records_refusals")),
        violations=store.violations(run.run_id),
        readings=await read_programs(sandbox, sources),
        evaluations=store.evaluations(run.run_id),
        improvements=store.improvements(run.run_id),
        score_ranges=ranges_of(run),
    )
    return replace(audit, opaque=tuple(run.opaque))


def make_audit(
    *,
    run_id: str,
    isolation: str,
    records_refusals: bool,
    violations: Iterable[ViolationRecord],
    readings: Mapping[str, Reading],
    evaluations: Sequence[EvaluationRecord] = (),
    improvements: Sequence[ImprovementRecord] = (),
    score_ranges: Mapping[str, ScoreRange] | None = None,
) -> Audit:
    """The audit of a run.

    Args:
        run_id: Which.
        isolation: The mode of its sandbox.
        records_refusals: Whether refused system calls could be seen.
        violations: What is recorded of attempts, in order.
        readings: What was read of each program, by sha256.
        evaluations: All of the run; how those of a program ended is told beside what it tried.
        improvements: The same for improvers.
        score_ranges: What the scores of each task can be, as far as that is known.
    """
    return Audit(
        run_id=run_id,
        isolation=isolation,
        records_refusals=records_refusals,
        attempts=_attempts(violations, _outcomes_of_evaluations(evaluations), _outcomes_of_improvements(improvements)),
        static_findings=_static_findings(readings),
        n_read=sum(reading.outcome is Outcome.OK for reading in readings.values()),
        unreadable=tuple(
            UnreadableProgram(program=program, outcome=reading.outcome, message=reading.message)
            for program, reading in readings.items()
            if reading.outcome is not Outcome.OK
        ),
        omitted={program: reading.omitted for program, reading in readings.items() if reading.omitted},
        scores=find_scores(score_ranges or {}, evaluations, improvements),
    )


# ---------------------------------------------------------------- attempts


Outcomes = Mapping[str, Mapping[str, int]]


def _attempts(
    violations: Iterable[ViolationRecord], evaluations: Outcomes, improvements: Outcomes
) -> tuple[AttemptsOfKind, ...]:
    by_kind: dict[str, dict[str | None, list[ViolationRecord]]] = defaultdict(lambda: defaultdict(list))
    for violation in violations:
        by_kind[violation.kind][violation.program].append(violation)
    kinds = [
        AttemptsOfKind(
            kind=kind,
            meaning=VIOLATION_KINDS.get(kind, ""),
            count=sum(record.count for records in by_program.values() for record in records),
            programs=tuple(
                AttemptsOfProgram(
                    program=program,
                    count=sum(record.count for record in records),
                    first_at=min(filter(None, (record.created_at for record in records)), default=None),
                    details=_details(records),
                    evaluations=evaluations.get(program or "", {}),
                    improvements=improvements.get(program or "", {}),
                )
                for program, records in by_program.items()
            ),
        )
        for kind, by_program in by_kind.items()
    ]
    return tuple(sorted(kinds, key=lambda kind: (-kind.count, kind.kind)))


def _details(records: Iterable[ViolationRecord]) -> dict[str, int]:
    details: Counter[str] = Counter()
    for record in records:
        details[record.detail] += record.count
    return dict(details)


def _outcomes_of_evaluations(evaluations: Iterable[EvaluationRecord]) -> Outcomes:
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    for evaluation in evaluations:
        outcomes[evaluation.program][evaluation.outcome.value] += 1
    return {program: dict(counted) for program, counted in outcomes.items()}


def _outcomes_of_improvements(improvements: Iterable[ImprovementRecord]) -> Outcomes:
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    for improvement in improvements:
        outcomes[improvement.improver][improvement.outcome.value if improvement.outcome else "running"] += 1
    return {improver: dict(counted) for improver, counted in outcomes.items()}


def _attempt_lines(kinds: Iterable[AttemptsOfKind], most_programs: int | None) -> Iterator[str]:
    for kind in kinds:
        programs = _many(len(kind.programs), "program")
        yield f"  {kind.kind}: {kind.count} by {programs} ({kind.meaning or 'an older kind'})"
        for made in kind.programs[:most_programs]:
            first = f", first at {made.first_at.isoformat(timespec='seconds')}" if made.first_at else ""
            ended = ", ".join(
                f"{outcome} {number}" for outcome, number in (*made.evaluations.items(), *made.improvements.items())
            )
            yield f"    {(made.program or 'no program')[:12]}  {made.count}{first}; it ended: {ended or NEVER_RUN}"
            for detail, number in made.details.items():
                yield one_line(f"      {number} × {detail}")
        yield from _rest(kind.programs, most_programs)


# ---------------------------------------------------------------- static findings


def _static_findings(readings: Mapping[str, Reading]) -> tuple[FindingsOfKind, ...]:
    by_kind: dict[str, dict[str, list[StaticFinding]]] = {kind: defaultdict(list) for kind in KINDS}
    for program, reading in readings.items():
        for finding in reading.findings:
            by_kind[finding.kind][program].append(finding)
    return tuple(
        FindingsOfKind(
            kind=kind,
            meaning=KINDS[kind],
            count=sum(map(len, by_program.values())),
            programs=tuple(
                FindingsOfProgram(program=program, findings=tuple(findings)) for program, findings in by_program.items()
            ),
        )
        for kind, by_program in by_kind.items()
        if by_program
    )


def _finding_lines(kinds: Iterable[FindingsOfKind], most_programs: int | None) -> Iterator[str]:
    for kind in kinds:
        programs = _many(len(kind.programs), "program")
        yield f"  {kind.kind}: {_many(kind.count, 'place')} in {programs} ({kind.meaning})"
        for found in kind.programs[:most_programs]:
            yield f"    {found.program[:12]}"
            for finding in found.findings:
                yield one_line(f"      line {finding.line}: {finding.detail}    {finding.text}")
        yield from _rest(kind.programs, most_programs)


# ---------------------------------------------------------------- as data and as text


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, Outcome) else value


def _rest(programs: Sequence[object], most_programs: int | None) -> Iterator[str]:
    """Yields a line about the programs that are not listed, if there are any."""
    if most_programs is not None and len(programs) > most_programs:
        yield f"    and {len(programs) - most_programs} more programs"


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
