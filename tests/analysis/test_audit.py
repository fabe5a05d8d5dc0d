"""The audit of a run: what was tried, what sources and scores show, in sections that never add up to one number."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from selftaught.analysis.audit import audit_run, make_audit
from selftaught.analysis.static_findings import KINDS, Reading, StaticFinding
from selftaught.errors import VIOLATION_KINDS, Outcome
from selftaught.store import EvaluationRecord, ImprovementRecord, RunStart, Store, ViolationRecord

RUN = "r-20261121-052233-ab12"
START = datetime(2026, 11, 21, 5, 22, 33, tzinfo=UTC)
BAD, WORSE, PLAIN = "a" * 64, "b" * 64, "c" * 64


def violation(kind, detail, program, minute, **more):
    created_at = START + timedelta(minutes=minute)
    return ViolationRecord(run_id=RUN, kind=kind, detail=detail, program=program, created_at=created_at, **more)


def evaluation(program, outcome):
    value = 1.0 if outcome is Outcome.OK else None
    return EvaluationRecord(run_id=RUN, program=program, task="t", split="test", outcome=outcome, value=value)


def improvement(improver, outcome):
    return ImprovementRecord(
        id="1", run_id=RUN, path="p", improver=improver, task="t", split="test", initial=PLAIN, outcome=outcome
    )


def finding(kind, line=1, detail="d", text="t"):
    return StaticFinding(kind=kind, detail=detail, line=line, text=text)


VIOLATIONS = [
    violation("socket", "socket(AF_INET)", BAD, 1),
    violation("file", "open /etc/passwd", WORSE, 2),
    violation("socket", "socket(AF_INET)", BAD, 3),
    violation("socket", "connect", BAD, 4, count=5),
    violation("socket", "socket(AF_UNIX)", WORSE, 5),
    violation("budget", "calls", None, 6),
]
READINGS = {
    BAD: Reading(findings=(finding("network", 1), finding("network", 9), finding("process", 3)), omitted=7),
    WORSE: Reading(outcome=Outcome.TIMED_OUT, message="while it was read: it used more than 10 s of CPU time"),
    PLAIN: Reading(),
}
EVALUATIONS = [
    evaluation(BAD, Outcome.OK),
    evaluation(BAD, Outcome.VIOLATION),
    evaluation(BAD, Outcome.OK),
    evaluation(PLAIN, Outcome.OK),
]
IMPROVEMENTS = [improvement(WORSE, Outcome.RAISED), improvement(WORSE, None)]


@pytest.fixture
def audit():
    return make_audit(
        run_id=RUN,
        isolation="full",
        records_refusals=True,
        violations=VIOLATIONS,
        readings=READINGS,
        evaluations=EVALUATIONS,
        improvements=IMPROVEMENTS,
    )


def test_attempts_are_grouped_by_kind_and_program(audit):
    document = audit.document()["attempts"]
    assert document["count"] == 10
    assert [(kind["kind"], kind["count"]) for kind in document["kinds"]] == [("socket", 8), ("budget", 1), ("file", 1)]
    socket = document["kinds"][0]
    assert socket["meaning"] == VIOLATION_KINDS["socket"]
    assert socket["programs"] == [
        {
            "program": BAD,
            "count": 7,
            "first_at": "2026-11-21T05:23:33+00:00",
            "details": {"socket(AF_INET)": 2, "connect": 5},
            "evaluations": {"ok": 2, "violation": 1},
            "improvements": {},
        },
        {
            "program": WORSE,
            "count": 1,
            "first_at": "2026-11-21T05:27:33+00:00",
            "details": {"socket(AF_UNIX)": 1},
            "evaluations": {},
            "improvements": {"raised": 1, "running": 1},
        },
    ]


def test_an_attempt_without_a_program_is_kept(audit):
    [budget] = [kind for kind in audit.document()["attempts"]["kinds"] if kind["kind"] == "budget"]
    assert [(made["program"], made["count"]) for made in budget["programs"]] == [(None, 1)]


def test_static_findings_are_grouped_by_kind_and_program(audit):
    document = audit.document()["static_findings"]
    assert document["count"] == 3
    assert [(kind["kind"], kind["meaning"], kind["count"]) for kind in document["kinds"]] == [
        ("network", KINDS["network"], 2),
        ("process", KINDS["process"], 1),
    ]
    assert document["kinds"][0]["programs"] == [
        {
            "program": BAD,
            "findings": [
                {"kind": "network", "detail": "d", "line": 1, "text": "t"},
                {"kind": "network", "detail": "d", "line": 9, "text": "t"},
            ],
        }
    ]
    assert document["omitted"] == {BAD: 7}


def test_it_tells_how_many_programs_were_read_and_why_others_were_not(audit):
    document = audit.document()["static_findings"]
    assert (document["programs_read"], document["programs_unreadable"]) == (2, 1)
    message = "while it was read: it used more than 10 s of CPU time"
    assert document["unreadable"] == [{"program": WORSE, "outcome": "timed_out", "message": message}]


def test_the_sections_are_never_mixed(audit):
    """Taking one kind of evidence away changes nothing in the other, and nothing outside of the sections counts."""
    whole = audit.document()
    no_attempts = make_audit(
        run_id=RUN, isolation="full", records_refusals=True, violations=[], readings=READINGS
    ).document()
    no_readings = make_audit(
        run_id=RUN,
        isolation="full",
        records_refusals=True,
        violations=VIOLATIONS,
        readings={},
        evaluations=EVALUATIONS,
        improvements=IMPROVEMENTS,
    ).document()
    assert no_attempts["static_findings"] == whole["static_findings"]
    assert no_readings["attempts"] == whole["attempts"]
    assert no_attempts["attempts"]["count"] == no_readings["static_findings"]["count"] == 0
    sections = {"attempts", "static_findings", "scores"}
    assert set(whole) == {"run_id", "isolation", "records_refusals", "opaque", *sections}
    assert (whole["run_id"], whole["isolation"]) == (RUN, "full")


def test_it_is_plain_data_for_json(audit):
    document = audit.document()
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_as_text_it_has_the_same_in_parts(audit):
    lines = list(audit.lines())
    assert lines[0] == f"{RUN}: isolation full"
    attempts = next(number for number, line in enumerate(lines) if line.startswith("Attempts: "))
    findings = next(number for number, line in enumerate(lines) if line.startswith("Static findings: "))
    scores = next(number for number, line in enumerate(lines) if line.startswith("Scores worth a look: "))
    first, second = lines[attempts:findings], lines[findings:scores]
    assert f"  socket: 8 by 2 programs ({VIOLATION_KINDS['socket']})" in first
    assert "    aaaaaaaaaaaa  7, first at 2026-11-21T05:23:33+00:00; it ended: ok 2, violation 1" in first
    assert "      2 × socket(AF_INET)" in first
    assert f"  network: 2 places in 1 program ({KINDS['network']})" in second
    assert "      line 9: d    t" in second
    assert "  2 programs were read, 1 could not be" in second


def test_as_text_it_may_list_the_first_programs_only(audit):
    lines = list(audit.lines(most_programs=1))
    socket = next(number for number, line in enumerate(lines) if line.startswith("  socket: 8 by 2 programs"))
    assert lines[socket + 1].startswith("    aaaaaaaaaaaa  7")
    assert lines[socket + 4] == "    and 1 more programs"
    assert sum("more programs" in line for line in lines) == 1


def test_an_audit_of_nothing_says_so():
    lines = list(make_audit(run_id=RUN, isolation="sealed", records_refusals=True, violations=[], readings={}).lines())
    assert lines.count("  none") == 2


def test_a_program_cannot_forge_a_line():
    forged = "x\nAttempts: none\r\u2028y"
    audit = make_audit(
        run_id=RUN,
        isolation="full",
        records_refusals=True,
        violations=[violation("file", forged, BAD, 1)],
        readings={
            BAD: Reading(findings=(finding("files", detail=forged, text=forged),)),
            WORSE: Reading(outcome=Outcome.EXITED, message=forged),
        },
    )
    for line in audit.lines():
        assert len(line.splitlines()) <= 1
        assert not line.startswith("Attempts: none")


@pytest.mark.parametrize(
    ("versions", "result", "opaque"),
    [
        ({"opaque": ["claims"]}, None, ["claims"]),
        ({"opaque": ["claims"]}, {"opaque": []}, ["claims"]),
        ({"opaque": []}, None, []),
        ({}, {"opaque": ["claims"]}, ["claims"]),
        ({}, {"opaque": True}, []),
        ({}, None, []),
    ],
)
def test_tasks_whose_scores_are_claims_are_named_whatever_became_of_the_run(
    run, sandbox, tmp_path, versions, result, opaque
):
    with Store.open(tmp_path / "runs.db", clock=lambda: START) as store:
        store.start_run(RunStart(run_id=RUN, config={}, versions=versions, isolation="full"))
        if result is not None:
            store.finish_run(RUN, status="finished", result=result)
        assert run(audit_run(RUN, store, sandbox)).document()["opaque"] == opaque


def test_a_recorded_run_is_audited_by_the_beginning_of_its_id(run, sandbox, tmp_path):
    with Store.open(tmp_path / "runs.db", clock=lambda: START) as store:
        store.start_run(RunStart(run_id=RUN, config={}, isolation="full"))
        program = store.add_program("import socket\n", "solution")
        store.add_evaluation(evaluation(program, Outcome.RAISED))
        store.add_violation(violation("socket", "socket(AF_INET)", program, 1, count=3))
        store.flush()
        audit = run(audit_run(RUN[:10], store, sandbox))
    document = audit.document()
    assert (document["run_id"], document["isolation"]) == (RUN, "full")
    [attempted] = document["attempts"]["kinds"]
    assert (attempted["kind"], attempted["count"]) == ("socket", 3)
    assert attempted["programs"][0]["evaluations"] == {"raised": 1}
    [found] = document["static_findings"]["kinds"]
    assert (found["kind"], found["count"], found["programs"][0]["program"]) == ("network", 1, program)
    assert document["static_findings"]["programs_read"] == 1
