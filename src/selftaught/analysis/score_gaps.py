"""Whether what a run measured on the validation split holds elsewhere: gaps that neither chance nor selection explains.

Two things make a validation figure higher than a test figure without any trick: luck, and that the best of many was
picked by this very figure. So there are two comparisons, and neither can be won by selection alone.

    solutions   a solution that an improvement returned, on the instances that it was picked on and on others, instance
                by instance. The p-value is multiplied by the number of programs that were tried on the same draw.
    improvers   an improver on the draws that decided whether it was taken, and on draws that decided nothing. Both are
                means of solutions on the instances that these were picked on, so that this kind of selection cancels.
                The p-value is multiplied by the number of improvers on the draws that decided. The draws that it was
                searched on are shown beside without a test: on those the best of many was picked.

All p-values are one-sided and corrected together by Holm's method.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from selftaught.statistics import holm, permutation_p_value
from selftaught.store import EvaluationRecord, ImprovementRecord

LEVEL = 0.05
ELSEWHERE = ("test", "fresh")
MOST_COMPARED = 2000
"""How many solutions are compared at most, the first of a run: each may take a second."""


@dataclass(frozen=True, kw_only=True)
class SolutionGap:
    """One solution on the validation draw that it was picked on, and on draws of the same name of other splits.

    Attributes:
        program: Its sha256.
        task: What it solves.
        key: The name of the draw, which is that of the improvement.
        validation: Its mean score there.
        elsewhere: Its mean score over the test and fresh instances; None if it failed on all of those draws.
        n_tried: How many programs were tried on the same validation draw.
        p_value: Of "no higher on validation", without any correction; None where there is nothing to compare with.
        p_corrected: For the number tried and for all comparisons of the run.
    """

    program: str
    task: str
    key: str
    validation: float
    elsewhere: float | None
    n_tried: int
    p_value: float | None
    p_corrected: float | None = None


@dataclass(frozen=True, kw_only=True)
class ImproverGap:
    """One improver on the draws that decided whether it was taken, and on draws that decided nothing.

    Attributes:
        program: Its sha256.
        search: Its mean on the draws that it was searched on; None where it was not searched.
        deciding: Its mean on the draws that decided; `n_deciding` is how many repeats that is the mean of.
        other: Its mean on the validation draws that decided nothing, with `n_other` repeats.
        test: Its mean on the test and fresh draws that belong to those.
        n_tried: How many improvers were measured on the draws that decided.
        p_value: Of "no higher where it decided", without any correction.
        p_corrected: For the number tried and for all comparisons of the run.
    """

    program: str
    search: float | None
    deciding: float
    n_deciding: int
    other: float
    n_other: int
    test: float | None
    n_tried: int
    p_value: float
    p_corrected: float | None = None


@dataclass(frozen=True, kw_only=True)
class ScoreGaps:
    """All that was compared in a run.

    Attributes:
        solutions: Every solution that was measured on validation and elsewhere, in the order of the improvements.
        improvers: Every improver with rounds of its own, in the order of their first use.
        n_left_out: Solutions beyond `MOST_COMPARED`.
    """

    solutions: tuple[SolutionGap, ...] = ()
    improvers: tuple[ImproverGap, ...] = ()
    n_left_out: int = 0

    @property
    def unexplained(self) -> tuple[SolutionGap | ImproverGap, ...]:
        """Those whose gap neither chance nor selection explains."""
        gaps: tuple[SolutionGap | ImproverGap, ...] = (*self.solutions, *self.improvers)
        return tuple(gap for gap in gaps if gap.p_corrected is not None and gap.p_corrected < LEVEL)

    @property
    def fails_elsewhere(self) -> tuple[SolutionGap, ...]:
        """Solutions with a value on validation, and none on any other draw."""
        return tuple(gap for gap in self.solutions if gap.elsewhere is None)


class _Draws:
    """The evaluations of a run by program, task, split and the name of the draw."""

    def __init__(self, evaluations: Iterable[EvaluationRecord]) -> None:
        self._by_name: dict[tuple[str, str, str, str], EvaluationRecord] = {}
        self._tried: dict[tuple[str, str], set[str]] = defaultdict(set)
        for made in evaluations:
            self._by_name.setdefault((made.program, made.task, made.split, made.key), made)
            if made.split == "validation":
                self._tried[made.task, made.key].add(made.program)

    def on(self, split: str, program: str, task: str, key: str) -> EvaluationRecord | None:
        """That evaluation, if it is on record."""
        return self._by_name.get((program, task, split, key))

    def n_tried(self, task: str, key: str) -> int:
        """How many programs were tried on a validation draw."""
        return max(1, len(self._tried[task, key]))


def score_gaps(improvements: Sequence[ImprovementRecord], evaluations: Iterable[EvaluationRecord]) -> ScoreGaps:
    """What the record of a run shows of figures that hold on validation only. What is not on record is left out."""
    draws = _Draws(evaluations)
    compared = list(_comparable(improvements, draws))
    solutions = [_solution_gap(*found, draws) for found in compared[:MOST_COMPARED]]
    improvers = list(_improver_gaps(improvements, draws))
    gaps: list[SolutionGap | ImproverGap] = [*solutions, *improvers]
    corrected = iter(holm([min(1.0, gap.p_value * gap.n_tried) for gap in gaps if gap.p_value is not None]))
    return ScoreGaps(
        solutions=tuple(gap if gap.p_value is None else replace(gap, p_corrected=next(corrected)) for gap in solutions),
        improvers=tuple(replace(gap, p_corrected=next(corrected)) for gap in improvers),
        n_left_out=max(0, len(compared) - MOST_COMPARED),
    )


# ---------------------------------------------------------------- solutions


Comparable = tuple[EvaluationRecord, list[EvaluationRecord]]


def _comparable(improvements: Iterable[ImprovementRecord], draws: _Draws) -> Iterator[Comparable]:
    """Yields what an improvement returned, on the draw that it saw, and on others; each solution and draw once."""
    seen: set[tuple[str, str, str]] = set()
    for made in improvements:
        name = (made.result or "", made.task, made.key)
        if made.result is None or made.result == made.initial or name in seen:
            continue
        seen.add(name)
        validation = draws.on("validation", *name)
        elsewhere = [found for split in ELSEWHERE if (found := draws.on(split, *name)) is not None]
        if validation is not None and validation.value is not None and elsewhere:
            yield validation, elsewhere


def _solution_gap(validation: EvaluationRecord, elsewhere: list[EvaluationRecord], draws: _Draws) -> SolutionGap:
    valued = [found for found in elsewhere if found.value is not None]
    scores = [score for found in valued for score in _scores(found)]
    own = _scores(validation)
    values = scores or [found.value for found in valued if found.value is not None]  # scores may not be on record
    return SolutionGap(
        program=validation.program,
        task=validation.task,
        key=validation.key,
        validation=validation.value if validation.value is not None else fmean(own),
        elsewhere=fmean(values) if values else None,
        n_tried=draws.n_tried(validation.task, validation.key),
        p_value=permutation_p_value(own, scores, 0) if own and scores else None,
    )


def _scores(made: EvaluationRecord) -> list[float]:
    return [score for score in made.scores if score is not None]


# ---------------------------------------------------------------- improvers


def _improver_gaps(improvements: Iterable[ImprovementRecord], draws: _Draws) -> Iterator[ImproverGap]:
    by_improver: dict[str, dict[str, dict[str, list[ImprovementRecord]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    for made in improvements:
        purpose, repeat = _purpose_and_repeat(made.path)
        if purpose is not None:
            by_improver[made.improver][purpose][repeat].append(made)
    rivals: dict[str, set[str]] = defaultdict(set)
    for improver, by_purpose in by_improver.items():
        for repeat in by_purpose.get("gate", {}):
            rivals[repeat].add(improver)
    for improver, by_purpose in by_improver.items():
        n_tried = len({rival for repeat in by_purpose.get("gate", {}) for rival in rivals[repeat]})
        gap = _improver_gap(improver, by_purpose, n_tried, draws)
        if gap is not None:
            yield gap


def _purpose_and_repeat(path: str) -> tuple[str | None, str]:
    """What an improvement was for, `search`, `gate` or `measure`, and which repeat it belongs to.

    Paths are made by `MetaUtility.improve_and_value`: `round-1/gate/TASK/repeat-0`, `fresh/TASK/repeat-0`.
    """
    match path.split("/"):
        case [number, ("search" | "gate") as purpose, *_, repeat] if number.startswith("round-"):
            return purpose, f"{number}/{repeat}"
        case [("test" | "fresh") as split, _, repeat]:
            return "measure", f"{split}/{repeat}"
    return None, ""


def _improver_gap(
    improver: str, by_purpose: Mapping[str, Mapping[str, list[ImprovementRecord]]], n_tried: int, draws: _Draws
) -> ImproverGap | None:
    means = {
        purpose: [mean for made in repeats.values() if (mean := _mean_value(made, draws, "validation")) is not None]
        for purpose, repeats in by_purpose.items()
    }
    search, deciding, other = (means.get(purpose, []) for purpose in ("search", "gate", "measure"))
    if not deciding or not other:
        return None
    measured = by_purpose["measure"].values()
    test = [mean for made in measured if (mean := _mean_value(made, draws, *ELSEWHERE)) is not None]
    return ImproverGap(
        program=improver,
        search=fmean(search) if search else None,
        deciding=fmean(deciding),
        n_deciding=len(deciding),
        other=fmean(other),
        n_other=len(other),
        test=fmean(test) if test else None,
        n_tried=n_tried,
        p_value=permutation_p_value(deciding, other, 0),
    )


def _mean_value(made: Iterable[ImprovementRecord], draws: _Draws, *splits: str) -> float | None:
    """The mean over tasks of what was returned in one repeat; None if any value of it is not on record."""
    values = []
    for improvement in made:
        found = [draws.on(split, improvement.result or "", improvement.task, improvement.key) for split in splits]
        known = [record.value for record in found if record is not None and record.value is not None]
        if not known:
            return None
        values.append(fmean(known))
    return fmean(values)
