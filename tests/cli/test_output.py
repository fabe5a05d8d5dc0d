"""What several commands print alike."""

from __future__ import annotations

import pytest

from selftaught.cli.output import SCREEN_COLUMNS, verdict_lines
from selftaught.experiment import verdict
from selftaught.statistics import PairedDifference

CLEAR = PairedDifference(mean=0.495, low=0.355, high=0.641, n=12, p_value=0.00049)
UNCLEAR = PairedDifference(mean=-0.0123, low=-0.1, high=0.1, n=12, p_value=0.62)
FEW = PairedDifference(mean=0.541, low=0.5, high=0.6, n=3, p_value=0.25)
OF_RUNS = (
    "Against the seed improver: 3 runs are too few to tell, at least 6 are needed (+0.541); run by run: 3 better, "
    "0 worse, 0 undecided. Against best-of-n: 3 runs are too few to tell, at least 6 are needed (+0.148); run by run: "
    "2 better, 0 worse, 1 undecided."
)


def test_each_comparison_of_a_verdict_begins_a_line_and_its_figures_stand_below():
    assert verdict_lines(verdict(CLEAR, UNCLEAR)) == (
        "Against the seed improver: improved by 0.495\n"
        "  (95 % interval +0.355 to +0.641, p = 0.00049, 12 paired repeats).\n"
        "Against best-of-n: no evidence of improvement\n"
        "  (95 % interval -0.100 to +0.100, p = 0.62, 12 paired repeats)."
    )


@pytest.mark.parametrize("said", [verdict(CLEAR, UNCLEAR), verdict(FEW, FEW), OF_RUNS, "", "something\nelse"])
def test_a_verdict_fits_the_screen_and_loses_nothing(said):
    lines = verdict_lines(said).splitlines()
    assert " ".join(" ".join(lines).split()) == " ".join(said.split())
    assert max(map(len, lines), default=0) <= SCREEN_COLUMNS
