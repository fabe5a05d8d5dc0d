"""Scores worth a look: what the record of a run shows of programs that were scored for something else than the task.

Three questions, each of which has honest answers too: is a score beyond what the task allows, was an answer refused
that a lenient scorer would have counted, and is a score higher where it was used for picking than elsewhere? Nothing
here proves an intention, and nothing here changes a score.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from selftaught.analysis.score_gaps import ImproverGap, ScoreGaps, SolutionGap, score_gaps
from selftaught.errors import Outcome
from selftaught.source import one_line
from selftaught.store import EvaluationRecord, ImprovementRecord, RunRecord
from selftaught.task_definition import bundled_task_names, find_task
from selftaught.worker.messages import REFUSED_AS

SCORES_ARE = "scores beyond their range, answers that only a lenient scorer would count, figures that hold nowhere else"
OUT_OF_RANGE_ARE = "no answer can score that: the scorer was tricked, or it or the stated range is wrong"
ABOVE_BEST_ARE = "better than the reference that scores 1: a good solution may be, and so may a trick"
REFUSED_ARE = "most are mistakes; a scorer that compares, casts or broadcasts without a check would count some"
GAPS_ARE = (
    "higher on the draws that picked it than elsewhere, "
    "more than chance and picking the best of independent tries explain"
)
TOLERANCE = 1e-9
"""Beyond a bound by less than this is rounding."""

NOTHING = "nothing"
MAPPING = "mapping"
RULE = "rule"
UNSENDABLE = "unsendable"
REFUSED: Mapping[str, tuple[str, bool]] = {
    "wrong_type": ("another type: another nesting, texts, truth values, fractions", True),
    "not_finite": ("NaN or an infinity", True),
    "not_numbers": ("texts, or whatever else is no number, in an array", True),
    "too_large_a_number": ("a whole number beyond 2**53", True),
    RULE: ("of the declared type, but refused by the task: another length, out of range, or against a rule", True),
    "no_score": ("what the task's scorer has no finite number for", True),
    "no_array": ("rows of different lengths where an array is declared", False),
    "scorer_failed": ("what the task's scorer fails on", False),
    "too_much": ("too large to be scored", False),
    MAPPING: ("a dict", False),
    NOTHING: ("None", False),
    UNSENDABLE: ("what is no plain data, too large, or not there", False),
}
"""Why answers are refused: what they are, and whether a scorer that compares, casts or broadcasts would count them."""


@dataclass(frozen=True, kw_only=True)
class ScoreRange:
    """What the scores of a task can be.

    Attributes:
        lowest: No score is lower; None if that is not known.
        highest: No score is higher; None if that is not known.
        best: What scores 1, in words.
    """

    lowest: float | None = None
    highest: float | None = None
    best: str = "not known"

    @property
    def names_a_best(self) -> bool:
        """Whether 1 is the best known rather than a bound."""
        return self.highest is None and self.best != "not known"

    def excludes(self, score: float) -> bool:
        """Whether no answer can have that score."""
        too_low = self.lowest is not None and score < self.lowest - TOLERANCE
        return too_low or (self.highest is not None and score > self.highest + TOLERANCE)


@dataclass(frozen=True, kw_only=True)
class ScoresOfProgram:
    """The scores of one program on one task that are beyond something.

    Attributes:
        program: Its sha256.
        task: Whose scores they are.
        count: In how many evaluations there were such.
        splits: Of which splits.
        lowest: The lowest of them; `highest` the highest.
        allowed_lowest: What the task states; None where it states nothing; `allowed_highest` likewise.
    """

    program: str
    task: str
    count: int
    splits: tuple[str, ...]
    lowest: float
    highest: float
    allowed_lowest: float | None
    allowed_highest: float | None


@dataclass(frozen=True, kw_only=True)
class RefusedAnswers:
    """The refused answers of one program, for one reason.

    Attributes:
        program: Its sha256.
        kind: One of `REFUSED`.
        count: In how many evaluations.
        message: What was said of the first; text of tasks and programs may be in it.
    """

    program: str
    kind: str
    count: int
    message: str

    @property
    def lenient(self) -> bool:
        """Whether a scorer that compares, casts or broadcasts would have counted them."""
        return REFUSED[self.kind][1]


@dataclass(frozen=True, kw_only=True)
class ScoreFindings:
    """Scores of a run that are worth a look. Text of programs is as it is; escape it where it is shown.

    Attributes:
        out_of_range: Programs with scores that no answer can have.
        above_best_known: Programs with a value above 1 where 1 is the best that is known, and no bound.
        range_not_stated: Tasks of which no highest score is known, so that `out_of_range` says little.
        refused: Programs with refused answers, by reason.
        gaps: What was compared between splits.
    """

    out_of_range: tuple[ScoresOfProgram, ...] = ()
    above_best_known: tuple[ScoresOfProgram, ...] = ()
    range_not_stated: tuple[str, ...] = ()
    refused: tuple[RefusedAnswers, ...] = ()
    gaps: ScoreGaps = field(default_factory=ScoreGaps)

    @property
    def n_lenient(self) -> int:
        """How many programs have a refused answer that a lenient scorer would have counted."""
        return len({refused.program for refused in self.refused if refused.lenient})

    def document(self) -> dict[str, Any]:
        """The findings as data for JSON."""
        return {
            "what": SCORES_ARE,
            "out_of_range": _section(OUT_OF_RANGE_ARE, self.out_of_range),
            "above_best_known": _section(ABOVE_BEST_ARE, self.above_best_known),
            "range_not_stated": list(self.range_not_stated),
            "refused_answers": {
                "what": REFUSED_ARE,
                "count": sum(refused.count for refused in self.refused),
                "programs_lenient": self.n_lenient,
                "programs": [{**asdict(refused), "lenient": refused.lenient} for refused in self.refused],
            },
            "gaps": {
                "what": GAPS_ARE,
                "solutions_compared": len(self.gaps.solutions),
                "solutions_left_out": self.gaps.n_left_out,
                "improvers_compared": len(self.gaps.improvers),
                "unexplained": [
                    {"is": "solution" if isinstance(gap, SolutionGap) else "improver", **asdict(gap)}
                    for gap in self.gaps.unexplained
                ],
                "fails_elsewhere": [asdict(gap) for gap in self.gaps.fails_elsewhere],
                "solutions": [asdict(gap) for gap in self.gaps.solutions],
                "improvers": [asdict(gap) for gap in self.gaps.improvers],
            },
        }

    def lines(self, most_programs: int | None = None) -> Iterator[str]:
        """Yields the findings as text, one line each, whatever the programs hold; None lists all programs."""
        yield f"Scores worth a look: {SCORES_ARE}."
        yield from _score_lines("out of range", OUT_OF_RANGE_ARE, self.out_of_range, most_programs)
        if self.range_not_stated:
            yield one_line(f"    of {', '.join(self.range_not_stated)} no highest score is known")
        yield from _score_lines("above the best known", ABOVE_BEST_ARE, self.above_best_known, most_programs)
        yield from _refused_lines(self, most_programs)
        yield from _gap_lines(self.gaps, most_programs)


def find_scores(
    ranges: Mapping[str, ScoreRange],
    evaluations: Sequence[EvaluationRecord],
    improvements: Sequence[ImprovementRecord] = (),
) -> ScoreFindings:
    """What the record of a run shows.

    Args:
        ranges: Of each task whose range is known.
        evaluations: All of the run.
        improvements: All of the run.
    """
    tasks = dict.fromkeys(made.task for made in evaluations)
    unknown = ScoreRange()
    return ScoreFindings(
        out_of_range=tuple(_out_of_range(ranges, evaluations)),
        above_best_known=tuple(_above_best_known(ranges, evaluations)),
        range_not_stated=tuple(task for task in tasks if ranges.get(task, unknown).highest is None),
        refused=tuple(_refused(evaluations)),
        gaps=score_gaps(improvements, evaluations),
    )


def ranges_of(run: RunRecord) -> dict[str, ScoreRange]:
    """The range of each task of a run as it was recorded.

    A run that is older than such records has those of bundled tasks that have not changed since.
    """
    recorded = run.versions.get("score_ranges")
    if recorded is not None:
        known = [place.name for place in fields(ScoreRange)]
        return {
            task: ScoreRange(**{name: stated[name] for name in known if name in stated})
            for task, stated in recorded.items()
        }
    ranges = {}
    for name, sha256 in (run.versions.get("tasks") or {}).items():
        if name in bundled_task_names() and (task := find_task(name)).sha256 == sha256:
            ranges[name] = ScoreRange(lowest=task.lowest, highest=task.highest, best=task.reference_best)
    return ranges


# ---------------------------------------------------------------- scores beyond something


def _out_of_range(
    ranges: Mapping[str, ScoreRange], evaluations: Iterable[EvaluationRecord]
) -> Iterator[ScoresOfProgram]:
    """Yields programs with an impossible score; one of a single instance is enough, whatever the mean."""
    found: dict[tuple[str, str], list[tuple[str, float]]] = defaultdict(list)
    n_evaluations: Counter[tuple[str, str]] = Counter()
    for made in evaluations:
        known = [score for score in (made.value, *made.scores) if score is not None]
        beyond = [score for score in known if made.task in ranges and ranges[made.task].excludes(score)]
        n_evaluations[made.program, made.task] += bool(beyond)
        found[made.program, made.task] += [(made.split, score) for score in beyond]
    yield from _by_program(found, n_evaluations, ranges)


def _above_best_known(
    ranges: Mapping[str, ScoreRange], evaluations: Iterable[EvaluationRecord]
) -> Iterator[ScoresOfProgram]:
    """Yields programs with a mean above 1 where that is the best known; single instances often are."""
    found: dict[tuple[str, str], list[tuple[str, float]]] = defaultdict(list)
    n_evaluations: Counter[tuple[str, str]] = Counter()
    for made in evaluations:
        is_above = made.value is not None and made.value > 1 + TOLERANCE
        if made.value is not None and is_above and made.task in ranges and ranges[made.task].names_a_best:
            n_evaluations[made.program, made.task] += 1
            found[made.program, made.task].append((made.split, made.value))
    yield from _by_program(found, n_evaluations, ranges)


def _by_program(
    found: Mapping[tuple[str, str], Sequence[tuple[str, float]]],
    n_evaluations: Mapping[tuple[str, str], int],
    ranges: Mapping[str, ScoreRange],
) -> Iterator[ScoresOfProgram]:
    for (program, task), scores in found.items():
        if scores:
            yield ScoresOfProgram(
                program=program,
                task=task,
                count=n_evaluations[program, task],
                splits=tuple(dict.fromkeys(split for split, _ in scores)),
                lowest=min(score for _, score in scores),
                highest=max(score for _, score in scores),
                allowed_lowest=ranges[task].lowest,
                allowed_highest=ranges[task].highest,
            )


# ---------------------------------------------------------------- refused answers


def _refused(evaluations: Iterable[EvaluationRecord]) -> Iterator[RefusedAnswers]:
    counts: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], str] = {}
    for made in evaluations:
        if made.outcome is Outcome.BAD_OUTPUT:
            name = made.program, kind_of_refusal(made)
            counts[name] += 1
            first.setdefault(name, made.message)
    for (program, kind), count in counts.items():
        yield RefusedAnswers(program=program, kind=kind, count=count, message=first[program, kind])


_NO_ARRAY = {("got `null`", "not NoneType"): NOTHING, ("got `object`", "not dict"): MAPPING}
"""How the sentence ends where an answer as a whole is nothing that could be cast."""


def kind_of_refusal(made: EvaluationRecord) -> str:
    """Which of `REFUSED` a bad output is.

    That an answer came and was refused is in the scores, where no program can forge it; the rest is in the sentence.
    """
    if None not in made.scores:
        return UNSENDABLE
    reason = made.message.partition(": ")[2]
    kind = next((kind for kind, beginning in REFUSED_AS.items() if reason.startswith(beginning)), RULE)
    if kind in ("wrong_type", "not_numbers"):
        return next((special for endings, special in _NO_ARRAY.items() if reason.endswith(endings)), kind)
    return kind


# ---------------------------------------------------------------- as data and as text


def _section(what: str, programs: Sequence[ScoresOfProgram]) -> dict[str, Any]:
    plain = [{**asdict(scores), "splits": list(scores.splits)} for scores in programs]
    return {"what": what, "count": sum(scores.count for scores in programs), "programs": plain}


def _score_lines(
    title: str, what: str, programs: Sequence[ScoresOfProgram], most_programs: int | None
) -> Iterator[str]:
    if not programs:
        yield f"  {title}: none"
        return
    yield f"  {title}: {_programs(len(programs))} ({what})"
    for scores in programs[:most_programs]:
        reached = _number(scores.highest)
        if scores.lowest != scores.highest:
            reached = f"{_number(scores.lowest)} to {reached}"
        allowed = [
            f"at {word} {bound:g}"
            for word, bound in (("least", scores.allowed_lowest), ("most", scores.allowed_highest))
            if bound is not None
        ]
        can = f"; {' and '.join(allowed)} can be" if allowed else ""
        yield one_line(
            f"    {scores.program[:12]}  {scores.task} {', '.join(scores.splits)}: {reached} in {scores.count}{can}"
        )
    yield from _rest(len(programs), most_programs)


def _refused_lines(findings: ScoreFindings, most_programs: int | None) -> Iterator[str]:
    if not findings.refused:
        yield "  refused answers: none"
        return
    n_programs = len({refused.program for refused in findings.refused})
    yield (
        f"  refused answers: {_programs(n_programs)}, {findings.n_lenient} with some that a lenient scorer would count "
        f"({REFUSED_ARE})"
    )
    for kind, (meaning, lenient) in REFUSED.items():
        of_kind = [refused for refused in findings.refused if refused.kind == kind]
        if not of_kind:
            continue
        yield f"    {meaning}: {_programs(len(of_kind))}{'' if lenient else '; not by a lenient scorer either'}"
        for refused in of_kind[:most_programs]:
            yield one_line(f"      {refused.program[:12]}  {refused.count} × {refused.message}")
        yield from _rest(len(of_kind), most_programs)


def _gap_lines(gaps: ScoreGaps, most_programs: int | None) -> Iterator[str]:
    solutions, improvers = _many(len(gaps.solutions), "solution"), _many(len(gaps.improvers), "improver")
    compared = f"compared: {solutions} and {improvers}"
    if gaps.n_left_out:
        compared += f", {gaps.n_left_out} more solutions were not"
    if not gaps.unexplained:
        yield f"  gaps between splits: none; {compared}"
    else:
        yield f"  gaps between splits: {len(gaps.unexplained)} ({GAPS_ARE}); {compared}"
    for gap in gaps.unexplained[:most_programs]:
        yield one_line(f"    {gap.program[:12]}  {_gap_text(gap)}, p = {gap.p_corrected:.2g} when corrected")
    yield from _rest(len(gaps.unexplained), most_programs)
    if gaps.fails_elsewhere:
        yield f"  a value on validation and none elsewhere: {_programs(len(gaps.fails_elsewhere))}"
    for failing in gaps.fails_elsewhere[:most_programs]:
        yield one_line(f"    {failing.program[:12]}  {failing.task} {failing.validation:.3f} ({failing.key})")
    yield from _rest(len(gaps.fails_elsewhere), most_programs)


def _gap_text(gap: SolutionGap | ImproverGap) -> str:
    if isinstance(gap, SolutionGap):
        return (
            f"{gap.task} {gap.validation:.3f} on validation, {gap.elsewhere:.3f} elsewhere ({gap.key}); "
            f"best of {gap.n_tried} tried"
        )
    test = f", {gap.test:.3f} on test" if gap.test is not None else ""
    search = f"{gap.search:.3f} where it was searched, " if gap.search is not None else ""
    return f"improver: {search}{gap.deciding:.3f} where it was decided on, {gap.other:.3f} on other draws{test}"


def _number(score: float) -> str:
    return f"{score:.6g}"


def _programs(number: int) -> str:
    return _many(number, "program")


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _rest(number: int, most_programs: int | None) -> Iterator[str]:
    if most_programs is not None and number > most_programs:
        yield f"    and {number - most_programs} more"
