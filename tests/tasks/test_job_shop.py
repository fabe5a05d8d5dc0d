"""The job shop's simulator and its checks, on two classical instances by Fisher and Thompson (1963)."""

from __future__ import annotations

import pytest

FT06 = """2 1 0 3 1 6 3 7 5 3 4 6
1 8 2 5 4 10 5 10 0 10 3 4
2 5 3 4 5 8 0 9 1 1 4 7
1 5 0 5 2 5 3 3 4 8 5 9
2 9 1 3 4 5 5 4 0 3 3 1
1 3 3 3 5 9 0 10 4 4 2 1"""
FT10 = """0 29 1 78 2 9 3 36 4 49 5 11 6 62 7 56 8 44 9 21
0 43 2 90 4 75 9 11 3 69 1 28 6 46 5 46 7 72 8 30
1 91 0 85 3 39 2 74 8 90 5 10 7 12 6 89 9 45 4 33
1 81 2 95 0 71 4 99 6 9 8 52 7 85 3 98 9 22 5 43
2 14 0 6 1 22 5 61 3 26 4 69 8 21 7 49 9 72 6 53
2 84 1 2 5 52 3 95 8 48 9 72 0 47 6 65 4 6 7 25
1 46 0 37 3 61 2 13 6 32 5 21 9 32 8 89 7 30 4 55
2 31 0 86 1 46 5 74 4 32 6 88 8 19 9 48 7 36 3 79
0 76 1 69 3 76 5 51 2 85 9 11 6 40 7 89 4 26 8 74
1 85 0 13 2 61 6 7 8 64 9 76 5 47 3 52 4 90 7 45"""
OPTIMA = {FT06: 55, FT10: 930}
SHORTEST_OF_FT06 = """2 0 1 0 0 5 2 5 0 6 3 8 1 8 2 9 5 13 3 13 4 13 1 13 5 16 0 16 2 18 5 19 4 22 3 22
4 25 2 27 3 27 1 28 5 28 0 30 3 30 0 38 5 38 1 38 4 41 5 42 0 42 3 45 4 48 1 48 2 48 4 52"""

RULES = {
    "first come": lambda time, work, steps, waited, _: waited,
    "shortest": lambda time, *_: -time,
    "longest": lambda time, *_: time,
    "most work": lambda time, work, *_: work,
}


def pairs(text):
    numbers = iter(map(int, text.split()))
    return list(zip(numbers, numbers, strict=True))


def jobs_of(text):
    return [pairs(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def utility(load_task):
    return load_task("job_shop").utility


def test_the_known_optimum_of_ft06_is_scored_as_such(utility):
    jobs = jobs_of(FT06)
    assert utility["makespan"](jobs, pairs(SHORTEST_OF_FT06)) == OPTIMA[FT06]
    assert utility["score"]((jobs,), (88, 52), pairs(SHORTEST_OF_FT06)) == (88 - 55) / (88 - 52)


@pytest.mark.parametrize(
    ("rule", "ft06", "ft10"),
    [("first come", 65, 1184), ("shortest", 88, 1074), ("longest", 77, 1295), ("most work", 61, 1108)],
)
def test_textbook_rules_reach_their_known_makespans(utility, rule, ft06, ft10):
    for text, expected in ((FT06, ft06), (FT10, ft10)):
        jobs = jobs_of(text)
        assert utility["makespan"](jobs, utility["drive"](RULES[rule], jobs)) == expected


@pytest.mark.parametrize("text", [FT06, FT10], ids=["ft06", "ft10"])
def test_the_lower_bound_is_not_above_the_known_optimum(utility, text):
    assert 0.8 * OPTIMA[text] <= utility["lower_bound"](jobs_of(text)) <= OPTIMA[text]


@pytest.mark.parametrize(
    ("starts", "message"),
    [
        ([(0, 0), (0, 2), (1, 3), (1, 7)], "before its job or its machine is free"),
        ([(0, 0), (0, 3), (1, 4), (1, 9)], "before its job or its machine is free"),
        ([(0, -1), (0, 3), (1, 5), (1, 9)], "before its job or its machine is free"),
        ([(0, 0), (0, 3), (1, 5)], "never starts"),
        ([(0, 0), (0, 3), (1, 5), (1, 9), (1, 12)], "does not exist"),
        ([(0, 0), (0, 3), (2, 5), (1, 9)], "does not exist"),
        ([(0, 0), (0, 3), (-1, 5), (1, 9)], "does not exist"),
    ],
)
def test_schedules_that_cannot_be_run_are_refused(utility, starts, message):
    jobs = [[(0, 3), (1, 2)], [(1, 4), (0, 1)]]
    assert utility["makespan"](jobs, [(0, 0), (0, 3), (1, 5), (1, 9)]) == 10
    with pytest.raises(ValueError, match=message):
        utility["makespan"](jobs, starts)
