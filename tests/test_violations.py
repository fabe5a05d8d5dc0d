"""What programs tried and may not is kept once each, with how often, and bounded for each program."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from selftaught.errors import Violation
from selftaught.violations import MAX_DISTINCT_OF_A_KIND, REST, ViolationLog, violations_document

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
tried = st.builds(
    Violation,
    kind=st.sampled_from(["network", "process"]),
    detail=st.integers(0, 200).map(str),
    count=st.integers(1, 5),
    at=st.integers(0, 1000).map(lambda seconds: BEGINNING + timedelta(seconds=seconds)),
)


def logged(violations, *options):
    log = ViolationLog(*options)
    log.extend(violations)
    return log.entries()


@given(st.lists(tried, max_size=300))
def test_no_try_is_lost_whatever_is_listed(violations):
    for entries in (logged(violations), logged(violations, None)):
        for kind in ("network", "process"):
            made = [violation for violation in violations if violation.kind == kind]
            listed = [entry for entry in entries if entry.kind == kind]
            assert sum(entry.count for entry in listed) == sum(violation.count for violation in made)
            assert min((entry.at for entry in listed), default=None) == min((v.at for v in made), default=None)
        assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)


def test_one_program_leaves_so_many_different_entries_of_a_kind_and_one_for_the_rest():
    violations = [Violation(kind="network", detail=str(number), at=BEGINNING) for number in range(300)]
    entries = logged(violations)
    assert len(entries) == MAX_DISTINCT_OF_A_KIND + 1
    assert [entry.count for entry in entries if entry.detail == REST] == [300 - MAX_DISTINCT_OF_A_KIND]


@given(st.lists(tried, max_size=100))
def test_a_log_without_a_bound_says_what_all_of_them_say(violations):
    assert violations_document(logged(violations, None)) == violations_document(violations)
