"""Every fault that a provider may have, through the real client and over real connections."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from model_faults.cases import CASES, KEY
from model_faults.measure import measure


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_fault_ends_as_it_should(case):
    measured = measure(case)
    assert measured.ends == case.ends, measured
    assert re.search(case.says, measured.sentence), measured.sentence
    assert bool(measured.sentence) == (case.ends != "answered")
    if case.ends == "answered":
        assert [str(finish) for finish in measured.finishes] == list(case.marks)
    if case.n_requests is not None:
        assert measured.n_requests == case.n_requests
    assert case.more(measured), measured
    # A person is told to wait, and then that it goes on.
    assert [told is None for told in measured.told[-1:]] == [True] * len(measured.told[-1:])
    assert case.ends != "answered" or bool(measured.told) == case.tells, measured.told
    assert (measured.spent.n_miscounted, measured.spent.n_unpriced) == (case.miscounted, case.unpriced)
    for text in (measured.sentence, *measured.told):
        assert KEY not in (text or "")
        assert KEY[5:20] not in (text or "")
        assert (text or "").isprintable()
