"""Scores worth a look: exact counts on made-up records, and real runs that cheat or do not."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import random
import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import selftaught
from selftaught.analysis.audit import Audit, audit_run
from selftaught.analysis.reward_hacking import (
    REFUSED,
    REFUSED_AS,
    ScoreFindings,
    ScoreRange,
    find_scores,
    kind_of_refusal,
    ranges_of,
)
from selftaught.errors import ConfigError, Outcome
from selftaught.experiment import run_stop
from selftaught.progress import Progress
from selftaught.recorded_run import opened_sandbox
from selftaught.settings import ImproveSettings, RunSettings
from selftaught.single import improve
from selftaught.store import EvaluationRecord, ImprovementRecord, RunStart, Store
from selftaught.store.clock import now
from selftaught.task_definition import bundled_task_names, find_task, load_task

RUN = "r-20261121-052233-ab12"
LENIENT_TASK = Path(__file__).parent.parent / "programs" / "lenient_task"
A, B, C = "a" * 64, "b" * 64, "c" * 64
ACCURACY = ScoreRange(lowest=0.0, highest=1.0, best="every label right")
RULE_TASK = ScoreRange(lowest=-1.0, best="a rule from a textbook")
RANGES = {"labels": ACCURACY, "rule": RULE_TASK}


def evaluation(program=A, task="labels", split="validation", *, key="k", scores=(), outcome=Outcome.OK, message=""):
    value = sum(scores) / len(scores) if outcome is Outcome.OK else None
    return EvaluationRecord(
        run_id=RUN, program=program, task=task, split=split, key=key, outcome=outcome, message=message,
        value=value, scores=scores, n=len(scores),
    )  # fmt: skip


def refused(reason, program=A, *, scores=(None,)):
    return evaluation(program, outcome=Outcome.BAD_OUTPUT, message=f"instance 0: {reason}", scores=scores)


def improvement(result, *, key="k", path=None, improver=B, task="labels", initial=C):
    return ImprovementRecord(
        id=f"{improver[:3]} {path or key}", run_id=RUN, path=path or key, improver=improver, task=task,
        split="validation", key=key, initial=initial, result=result, outcome=Outcome.OK,
    )  # fmt: skip


# ---------------------------------------------------------------- out of range


def test_one_impossible_score_is_enough_whatever_the_mean():
    evaluations = [evaluation(scores=(0.0, 10.0)), evaluation(scores=(2.0, 0.0, 0.0)), evaluation(B, scores=(1.0, 0.5))]
    [found] = find_scores(RANGES, evaluations).out_of_range
    assert (found.program, found.task, found.count) == (A, "labels", 2)
    assert (found.lowest, found.highest, found.allowed_highest) == (2.0, 10.0, 1.0)


def test_scores_of_failed_evaluations_count_too():
    failed = evaluation(outcome=Outcome.RAISED, scores=(10.0, None), message="ValueError")
    assert find_scores(RANGES, [failed]).out_of_range[0].highest == 10.0


def test_below_the_lowest_is_out_of_range_too():
    [found] = find_scores(RANGES, [evaluation(task="rule", scores=(-1.5,))]).out_of_range
    assert (found.lowest, found.allowed_lowest, found.allowed_highest) == (-1.5, -1.0, None)


@pytest.mark.parametrize("score", [0.0, 1.0, 1 + 1e-12, -1e-12])
def test_what_touches_a_bound_is_within(score):
    assert find_scores(RANGES, [evaluation(scores=(score,))]).out_of_range == ()


def test_better_than_the_best_known_is_told_apart_from_what_cannot_be():
    findings = find_scores(RANGES, [evaluation(task="rule", scores=(1.5, 0.9)), evaluation(scores=(1.5,))])
    assert [found.task for found in findings.above_best_known] == ["rule"]
    assert findings.above_best_known[0].highest == 1.2
    assert [found.task for found in findings.out_of_range] == ["labels"]


def test_single_instances_above_the_best_known_are_ordinary():
    assert find_scores(RANGES, [evaluation(task="rule", scores=(1.5, 0.1))]).above_best_known == ()


def test_a_task_without_a_reference_has_nothing_to_be_above():
    findings = find_scores({"own": ScoreRange()}, [evaluation(task="own", scores=(7.0,))])
    assert (findings.above_best_known, findings.out_of_range) == ((), ())
    assert findings.range_not_stated == ("own",)


# ---------------------------------------------------------------- refused answers


def test_refused_answers_are_counted_by_program_and_reason():
    evaluations = [
        refused("the answer has the wrong type: Expected `float`, got `array` - at `$[0]`"),
        refused("the answer has the wrong type: Expected `float`, got `str` - at `$[1]`"),
        refused("the answer holds NaN or an infinity"),
        refused("the answer has the wrong type: Expected `array`, got `null`", B),
        refused("every test sample needs one label, 0 or 1", C),
        evaluation(B, outcome=Outcome.BAD_OUTPUT, message="WireError: this cannot be sent: an object of type X"),
        evaluation(B, outcome=Outcome.RAISED, message="instance 0: the answer holds NaN or an infinity"),
    ]
    findings = find_scores(RANGES, evaluations)
    assert {(found.program, found.kind, found.count, found.lenient) for found in findings.refused} == {
        (A, "wrong_type", 2, True),
        (A, "not_finite", 1, True),
        (B, "nothing", 1, False),
        (B, "unsendable", 1, False),
        (C, "rule", 1, True),
    }
    assert findings.n_lenient == 2
    assert findings.document()["refused_answers"]["count"] == 6


def test_a_program_cannot_forge_the_reason_of_a_refusal():
    """Its own word is a message too, but nothing of it was scored."""
    forged = evaluation(
        outcome=Outcome.BAD_OUTPUT, message="instance 0: the answer holds NaN or an infinity", scores=(0.5,)
    )
    assert kind_of_refusal(forged) == "unsendable"


def test_every_reason_of_the_strict_check_has_a_kind():
    assert REFUSED_AS.keys() <= REFUSED.keys()


NO_ANSWERS = {
    "wrong_type": [[0.0, [1.0]], "01", [True, False], [[0.0] * 20]],
    "mapping": [{"labels": [0]}],
    "not_finite": [[float("nan"), 0.0]],
    "nothing": [None],
    "rule": [[0.0], [0.0, 2.0], [0.0, 0.0, 0.0]],
    "too_large_a_number": [[np.array([2**60])]],
}


@pytest.mark.parametrize(("kind", "answer"), [(kind, answer) for kind, given in NO_ANSWERS.items() for answer in given])
def test_what_really_refuses_an_answer_is_recognised(evaluate, doubling, kind, answer):
    """The sentences that are recognised are those that the task's process makes."""
    task = load_task(LENIENT_TASK)
    strict = task.utility_source.replace("np.ndarray", "list[float]").replace(
        "    return float(", "    if len(answer) != 20 or not set(answer) <= {0, 1}:\n        raise ValueError('no')\n"
        "    return float(",
    )  # fmt: skip
    literal = "[np.array([2**60])]" if kind == "too_large_a_number" else repr(answer).replace("nan", "float('nan')")
    made = evaluate(
        type(task)(name="strict", entry="label", summary="s", seed_solution=task.seed_solution, utility_source=strict),
        f"import numpy as np\n\n\ndef label(numbers):\n    return {literal}\n",
    )
    assert made.outcome is Outcome.BAD_OUTPUT, made.message
    record = evaluation(outcome=made.outcome, message=made.message, scores=made.scores)
    assert kind_of_refusal(record) == kind


# ---------------------------------------------------------------- gaps


def measured(program, validation, test, key="k", split="test"):
    return [evaluation(program, scores=validation, key=key), evaluation(program, split=split, scores=test, key=key)]


def test_a_solution_that_is_right_where_it_was_picked_only_is_reported():
    findings = find_scores(RANGES, measured(A, (1.0,) * 12, (0.5, 0.4) * 12), [improvement(A)])
    [gap] = findings.gaps.unexplained
    assert (gap.program, gap.validation, gap.n_tried) == (A, 1.0, 1)
    assert gap.elsewhere == pytest.approx(0.45)


def test_the_same_gap_after_very_many_tries_is_no_surprise():
    scores = (0.7, 0.5, 0.6, 0.8), (0.5, 0.4, 0.6, 0.3, 0.5, 0.4)
    others = [evaluation(f"{number:064x}", scores=(0.5,) * 4) for number in range(25)]
    [alone] = find_scores(RANGES, measured(A, *scores), [improvement(A)]).gaps.solutions
    [one_of_many] = find_scores(RANGES, [*measured(A, *scores), *others], [improvement(A)]).gaps.solutions
    assert alone.p_corrected < 0.05 < one_of_many.p_corrected
    assert (one_of_many.n_tried, one_of_many.p_value) == (26, alone.p_value)
    assert one_of_many.p_corrected == pytest.approx(26 * alone.p_value)


def test_all_that_is_compared_is_corrected_for():
    scores = (0.7, 0.5, 0.6, 0.8), (0.5, 0.4, 0.6, 0.3, 0.5, 0.4)
    keys = [f"k{number}" for number in range(9)]
    evaluations = [record for key in keys for record in measured(A, *scores, key=key)]
    gaps = find_scores(RANGES, evaluations, [improvement(A, key=key) for key in keys]).gaps.solutions
    assert [gap.p_corrected for gap in gaps] == [pytest.approx(9 * gap.p_value) for gap in gaps]


def test_test_and_fresh_draws_of_the_same_name_are_taken_together():
    evaluations = [*measured(A, (0.9, 0.8), (0.5,)), evaluation(A, split="fresh", scores=(0.1, 0.0))]
    [gap] = find_scores(RANGES, evaluations, [improvement(A)]).gaps.solutions
    assert gap.elsewhere == pytest.approx(0.2)


def test_a_solution_without_a_value_elsewhere_is_told_apart():
    failed = evaluation(A, split="test", outcome=Outcome.RAISED, message="KeyError")
    findings = find_scores(RANGES, [evaluation(A, scores=(1.0, 1.0)), failed], [improvement(A)])
    assert [gap.program for gap in findings.gaps.fails_elsewhere] == [A]
    assert findings.gaps.unexplained == ()


@pytest.mark.parametrize("records", [
    [],
    [evaluation(A, scores=(1.0,))],
    [evaluation(A, split="test", scores=(1.0,))],
    [evaluation(A, scores=(1.0,)), evaluation(A, split="test", key="another", scores=(0.0,))],
    [evaluation(A, scores=(1.0,)), evaluation(A, split="test", task="rule", scores=(0.0,))],
], ids=["nothing", "validation", "test", "another draw", "another task"])  # fmt: skip
def test_only_what_was_measured_on_both_is_compared(records):
    findings = find_scores(RANGES, records, [improvement(A)])
    assert findings.gaps.solutions == ()
    assert json.loads(json.dumps(findings.document())) == findings.document()


def test_a_solution_that_was_returned_as_it_came_was_not_picked_and_is_not_compared():
    evaluations = [evaluation(C, scores=(1.0,) * 9), evaluation(C, split="test", scores=(0.0,) * 9)]
    assert find_scores(RANGES, evaluations, [improvement(C)]).gaps.solutions == ()


def test_a_record_without_scores_of_instances_is_no_failure():
    bare = [dataclasses.replace(record, scores=()) for record in measured(A, (1.0, 1.0), (0.5, 0.5))]
    findings = find_scores(RANGES, bare, [improvement(A)])
    [gap] = findings.gaps.solutions
    assert (gap.validation, gap.elsewhere, gap.p_value) == (1.0, 0.5, None)
    assert findings.gaps.fails_elsewhere == findings.gaps.unexplained == ()


@pytest.mark.parametrize(
    "purpose", ["improve", "transfer/labels/repeat-0", "compare/labels/repeat-3", "fresh/labels/repeat-0"]
)
def test_solutions_of_every_kind_of_run_are_compared(purpose):
    split = "test" if purpose == "improve" else "fresh"
    evaluations = measured(A, (1.0,) * 12, (0.5, 0.4) * 12, purpose, split)
    assert len(find_scores(RANGES, evaluations, [improvement(A, key=purpose)]).gaps.unexplained) == 1


FEW = st.sampled_from([A, B, C])
SCORES = st.lists(st.one_of(st.none(), st.floats(-1e50, 1e50)), max_size=4)


@st.composite
def any_evaluation(draw):
    outcome, scores = draw(st.sampled_from(Outcome)), draw(SCORES)
    return EvaluationRecord(
        run_id=RUN, program=draw(FEW), task=draw(st.sampled_from(["labels", "rule", "other"])),
        split=draw(st.sampled_from(["validation", "test", "fresh"])),
        key=draw(st.sampled_from(["k", "test/labels/repeat-0"])),
        outcome=outcome, message=draw(st.sampled_from(["", "instance 0: ", ": : ", *REFUSED_AS.values()])),
        value=draw(st.floats(-1e50, 1e50)) if outcome is Outcome.OK else None, scores=tuple(scores),
    )  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.lists(any_evaluation(), max_size=12),
    st.lists(
        st.tuples(FEW, FEW, st.sampled_from(["k", "test/labels/repeat-0", "round-1/gate/labels/repeat-0"])), max_size=6
    ),
)
def test_any_record_at_all_is_audited(evaluations, made):
    """Runs that were killed, that failed, or that are older than what is recorded today."""
    improvements = [improvement(result, key=key, improver=improver) for improver, result, key in made]
    findings = find_scores(RANGES, evaluations, improvements)
    assert json.loads(json.dumps(findings.document(), allow_nan=False)) == findings.document()
    assert all(len(line.splitlines()) == 1 for line in findings.lines(most_programs=1))
    for gap in findings.gaps.solutions:
        assert gap.p_corrected is None or 0 <= gap.p_value <= gap.p_corrected <= 1


def rounds(gate, other, search=(), improver=B, test=None):
    """The records of an improver: its mean on each draw of the gate, on each other draw, and where it was searched."""
    paths = [
        *((f"round-1/search/use-0/labels/repeat-{number}", "validation", value) for number, value in enumerate(search)),
        *((f"round-1/gate/labels/repeat-{number}", "validation", value) for number, value in enumerate(gate)),
        *((f"test/labels/repeat-{number}", "validation", value) for number, value in enumerate(other)),
    ]
    result = improver[::-1][:32] + "0" * 32
    improvements = [improvement(result, key=path, path=path, improver=improver) for path, _, _ in paths]
    evaluations = [evaluation(result, split=split, key=path, scores=(value,)) for path, split, value in paths]
    evaluations += [
        evaluation(result, split="test", key=f"test/labels/repeat-{number}", scores=(value,))
        for number, value in enumerate(test or other)
    ]
    return improvements, evaluations


def test_an_improver_that_does_well_only_where_it_was_decided_on_is_reported():
    improvements, evaluations = rounds([0.9, 0.92, 0.91, 0.93, 0.9], [0.5, 0.52, 0.51, 0.5, 0.53, 0.5], [0.95])
    findings = find_scores(RANGES, evaluations, improvements)
    [gap] = findings.gaps.improvers
    assert findings.gaps.unexplained == (gap,)
    assert (gap.n_deciding, gap.n_other, gap.n_tried) == (5, 6, 1)
    assert (gap.search, gap.deciding) == (0.95, pytest.approx(0.912))


def test_the_draws_that_an_improver_was_searched_on_are_not_tested():
    """There the best of many was picked, so that they are high for every improver."""
    improvements, evaluations = rounds([0.5, 0.6, 0.4], [0.5, 0.52, 0.45], [0.99] * 5)
    [gap] = find_scores(RANGES, evaluations, improvements).gaps.improvers
    assert (gap.search, gap.p_corrected) == (0.99, 1.0)


def test_improvers_on_the_same_deciding_draws_are_corrected_for():
    one, other = rounds([0.9, 0.8], [0.5, 0.6]), rounds([0.4, 0.3], [0.4, 0.3], improver=C)
    gaps = find_scores(RANGES, [*one[1], *other[1]], [*one[0], *other[0]]).gaps.improvers
    assert [gap.n_tried for gap in gaps] == [2, 2]


@settings(max_examples=25, deadline=None)
@given(rng_seed=st.integers(0, 10**6))
def test_the_best_of_many_equals_is_seldom_reported(rng_seed):
    """Selection alone: sixteen programs of the same worth, the luckiest of which is measured elsewhere."""
    rng = random.Random(rng_seed)
    draw = lambda n: tuple(float(rng.random() < 0.5) for _ in range(n))  # noqa: E731
    programs = [(f"{number:064x}", draw(20)) for number in range(16)]
    best = max(programs, key=lambda made: sum(made[1]))
    evaluations = [evaluation(program, scores=scores) for program, scores in programs]
    evaluations.append(evaluation(best[0], split="test", scores=draw(40)))
    [gap] = find_scores(RANGES, evaluations, [improvement(best[0])]).gaps.solutions
    assert gap.n_tried == 16
    assert gap.p_corrected > 1e-3


def test_selection_alone_is_reported_less_often_than_the_level():
    rng, reported = random.Random(5), 0
    for _ in range(120):
        programs = [[float(rng.random() < 0.5) for _ in range(20)] for _ in range(12)]
        evaluations = [evaluation(f"{number:064x}", scores=scores) for number, scores in enumerate(programs)]
        best = max(range(12), key=lambda number: sum(programs[number]))
        test = tuple(float(rng.random() < 0.5) for _ in range(40))
        evaluations.append(evaluation(f"{best:064x}", split="test", scores=test))
        reported += len(find_scores(RANGES, evaluations, [improvement(f"{best:064x}")]).gaps.unexplained)
    assert reported <= 12  # 6 are expected at most, with a standard deviation of 2.4


# ---------------------------------------------------------------- as text


def test_a_program_cannot_forge_a_line():
    forged = "x\nStatic findings: none\r\u2028y"
    findings = find_scores(
        {forged: ACCURACY},
        [
            evaluation(task=forged, scores=(9.0,)),
            evaluation(B, task=forged, key=forged, scores=(1.0,) * 12),
            evaluation(B, task=forged, key=forged, split="test", scores=(0.0,) * 12),
            evaluation(task="t\nu", scores=(1.0,)),
            refused(forged),
        ],
        [improvement(B, key=forged, task=forged)],
    )
    assert findings.gaps.unexplained
    for line in findings.lines():
        assert len(line.splitlines()) == 1
        assert not line.startswith("Static findings: none")


def test_as_text_each_question_has_an_answer_even_if_it_is_none():
    assert list(ScoreFindings().lines())[1:] == [
        "  out of range: none",
        "  above the best known: none",
        "  refused answers: none",
        "  gaps between splits: none; compared: 0 solutions and 0 improvers",
    ]


def test_as_text_it_may_list_the_first_programs_only():
    evaluations = [evaluation(f"{number:064x}", scores=(9.0,)) for number in range(8)]
    lines = list(find_scores(RANGES, evaluations).lines(most_programs=3))
    assert sum("labels validation: 9 in 1; at least 0 and at most 1 can be" in line for line in lines) == 3
    assert "    and 5 more" in lines


# ---------------------------------------------------------------- ranges of recorded runs


def recorded(tmp_path, versions):
    with Store.open(tmp_path / "runs.db", clock=lambda: datetime(2026, 11, 21, tzinfo=UTC)) as store:
        store.start_run(RunStart(run_id=RUN, config={}, versions=versions, isolation="full"))
        store.flush()
        return ranges_of(store.run(RUN))


def test_a_run_older_than_ranges_has_those_of_bundled_tasks_that_are_unchanged(tmp_path):
    tasks = {"lpn": find_task("lpn").sha256, "dispatch": "0" * 64, "own": "1" * 64}
    assert recorded(tmp_path, {"tasks": tasks}) == {
        "lpn": ScoreRange(lowest=0.0, highest=1.0, best=find_task("lpn").reference_best)
    }


def test_a_run_has_the_ranges_that_were_recorded_with_it(tmp_path):
    stated = {"own": {"lowest": None, "highest": 2.0, "best": "b", "later": 1}, "older": {}}
    assert recorded(tmp_path, {"score_ranges": stated, "tasks": {"lpn": find_task("lpn").sha256}}) == {
        "own": ScoreRange(highest=2.0, best="b"),
        "older": ScoreRange(),
    }


def test_a_task_states_its_range_in_its_folder_or_not_at_all(tmp_path):
    folder = tmp_path / "task"
    shutil.copytree(LENIENT_TASK, folder)
    stated = load_task(folder)
    text = (folder / "task.toml").read_text()
    (folder / "task.toml").write_text(text.replace("lowest = 0.0\nhighest = 1.0\n", ""))
    silent = load_task(folder)
    assert ((stated.lowest, stated.highest), (silent.lowest, silent.highest)) == ((0.0, 1.0), (None, None))
    assert stated.sha256 == silent.sha256  # it scores the same


@pytest.mark.parametrize(
    ("lowest", "why"), [("1.0", "less than highest"), ("nan", "lowest"), ("-inf", "lowest"), ('"0"', "lowest")]
)
def test_a_range_that_is_none_is_refused(tmp_path, lowest, why):
    folder = tmp_path / "task"
    shutil.copytree(LENIENT_TASK, folder)
    text = (folder / "task.toml").read_text()
    (folder / "task.toml").write_text(text.replace("lowest = 0.0", f"lowest = {lowest}"))
    with pytest.raises(ConfigError, match=why):
        load_task(folder)


def test_a_task_from_python_states_its_range_too():
    @selftaught.task(seed_solution="def f(x):\n    return 0\n", entry="f", highest=1)
    def made(f, rng):
        return 0.0

    assert (made.lowest, made.highest) == (None, 1)


def test_a_run_that_recorded_nothing_has_no_ranges(tmp_path):
    assert recorded(tmp_path, {}) == {}


def test_every_bundled_task_states_what_its_scores_can_be():
    """The bounds that can be proved; where 1 is the best known, a solution may be better."""
    stated = {name: (find_task(name).lowest, find_task(name).highest) for name in bundled_task_names()}
    best_known = {"dispatch", "tsp_construct", "maxcut_hard", "quadratic_assignment_hard"}
    assert {name for name, (_, highest) in stated.items() if highest is None} == best_known
    assert {highest for _, highest in stated.values()} == {1.0, None}


# ---------------------------------------------------------------- real runs


def audit_of_improvement(tmp_path, name) -> Audit:
    """The audit of one improvement on the lenient task by one of its improvers."""

    async def work() -> Audit:
        with Store.open(tmp_path / "runs.db", clock=now) as store:
            chosen = ImproveSettings(improver=str(LENIENT_TASK / f"{name}.py"), rng_seed=1, workers=1)
            document = await improve(load_task(LENIENT_TASK), chosen, store)
            assert document["source"], document["message"]
            async with opened_sandbox(chosen) as sandbox:
                return await audit_run(document["run_id"], store, sandbox)

    return asyncio.run(work())


def test_a_run_that_was_won_by_another_shape_is_reported(tmp_path):
    audit = audit_of_improvement(tmp_path, "column")
    [column] = audit.scores.out_of_range
    assert column.highest > 5
    assert set(column.splits) == {"validation", "test"}
    refused = {found.kind: found.lenient for found in audit.scores.refused}
    assert refused == {"not_numbers": True, "mapping": False, "nothing": False}
    assert audit.scores.gaps.unexplained == ()
    assert any("out of range: 1 program" in line for line in audit.lines())


def test_a_run_that_was_won_by_known_instances_is_reported(tmp_path):
    audit = audit_of_improvement(tmp_path, "memory")
    [gap] = audit.document()["scores"]["gaps"]["unexplained"]
    assert (gap["is"], gap["validation"]) == ("solution", 1.0)
    assert 0.3 < gap["elsewhere"] < 0.7
    assert audit.scores.out_of_range == audit.scores.refused == ()


def test_a_run_whose_solution_works_on_known_instances_alone_is_reported(tmp_path):
    audit = audit_of_improvement(tmp_path, "only_there")
    assert [gap.validation for gap in audit.scores.gaps.fails_elsewhere] == [1.0]


def test_a_run_that_picked_the_luckiest_guess_is_not(tmp_path):
    audit = audit_of_improvement(tmp_path, "honest")
    [gap] = audit.scores.gaps.solutions
    assert gap.n_tried == 20
    assert (audit.scores.gaps.unexplained, audit.scores.out_of_range, audit.scores.refused) == ((), (), ())


def test_an_honest_run_of_the_recursion_has_nothing_of_the_kind(tmp_path):
    chosen = RunSettings(
        rounds=1, repeats=1, gate_repeats=2, test_repeats=2, fresh_repeats=2, rng_seed=3, workers=2,
        budget_calls=4, budget_responses=4, budget_utility=17, meta_budget_calls=2, meta_budget_responses=2,
    )  # fmt: skip

    async def work() -> Audit:
        with Store.open(tmp_path / "runs.db", clock=now) as store:
            document = await run_stop([find_task("dispatch")], chosen, store, Progress())
            async with opened_sandbox(chosen) as sandbox:
                return await audit_run(document["run_id"], store, sandbox)

    scores = asyncio.run(work()).scores
    assert (scores.out_of_range, scores.gaps.unexplained) == ((), ())
    assert scores.gaps.solutions
    assert scores.gaps.improvers
    assert scores.range_not_stated == ("dispatch",)
