"""Intervals and p-values: right on average, exact where they say so, and indifferent to what should not matter."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction
from statistics import NormalDist, fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selftaught import statistics

WHOLE_NUMBERS = st.lists(st.integers(-50, 50), min_size=2, max_size=12)
SCORES = st.lists(st.floats(-1, 1).map(lambda value: round(value, 3)), min_size=1, max_size=8)


def brute_force_p_value(differences: list[float]) -> Fraction:
    """In rational numbers, so that ties are ties."""
    exact = [Fraction(difference) for difference in differences]
    flipped = [
        abs(sum(sign * value for sign, value in zip(signs, exact, strict=True)))
        for signs in itertools.product((1, -1), repeat=len(exact))
    ]
    return Fraction(sum(total >= abs(sum(exact)) for total in flipped), len(flipped))


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=8))
def test_sign_flip_p_values_are_exact_where_sums_tie(differences):
    assert statistics.sign_flip_p_value(differences, 0) == brute_force_p_value(differences)


@given(st.lists(st.integers(-64, 64).map(lambda number: number / 64), min_size=1, max_size=8))
def test_sign_flip_p_values_are_exact_for_fractions(differences):
    assert statistics.sign_flip_p_value(differences, 0) == brute_force_p_value(differences)


@given(SCORES, st.randoms(use_true_random=False))
def test_the_p_value_does_not_depend_on_the_order_of_pairs_or_on_which_side_is_which(differences, rng):
    shuffled = rng.sample(differences, len(differences))
    p_value = statistics.sign_flip_p_value(differences, 0)
    assert statistics.sign_flip_p_value(shuffled, 0) == p_value
    assert statistics.sign_flip_p_value([-difference for difference in differences], 0) == p_value


@given(SCORES)
def test_a_p_value_is_one_of_the_possible_proportions(differences):
    p_value = statistics.sign_flip_p_value(differences, 0)
    assert 2 ** (1 - len(differences)) <= p_value <= 1


@pytest.mark.parametrize("differences", [[-0.3, -0.1, 0.4], [-0.9, 0.2, 0.7], [-0.6, -0.6, 0.9, 0.3]], ids=str)
def test_rounding_errors_do_not_break_ties(differences):
    orders = itertools.permutations(differences)
    assert {statistics.sign_flip_p_value(order, 0) for order in orders} == {1.0}


def test_equal_pairs_are_no_evidence():
    assert statistics.sign_flip_p_value([0.0] * 20, 0) == 1.0


def test_beyond_the_exact_range_the_p_value_is_close_to_the_exact_one(monkeypatch):
    rng = random.Random(3)
    differences = [rng.gauss(0.4, 1) for _ in range(15)]
    estimated = statistics.sign_flip_p_value(differences, 0)
    monkeypatch.setattr(statistics, "MAX_EXACT_PAIRS", 15)
    assert estimated == pytest.approx(statistics.sign_flip_p_value(differences, 0), abs=0.015)


def test_an_estimated_p_value_is_never_zero():
    assert 0 < statistics.sign_flip_p_value([1.0 + index / 100 for index in range(30)], 0) < 0.001


@pytest.mark.parametrize(
    "draw",
    [lambda rng: rng.gauss(0, 1), lambda rng: rng.expovariate(1) - 1, lambda rng: rng.uniform(-1, 1) ** 3],
    ids=["normal", "skewed", "heavy in the middle"],
)
def test_intervals_cover_the_true_mean_about_as_often_as_they_say(draw, monkeypatch):
    monkeypatch.setattr(statistics, "N_RESAMPLES", 400)
    rng = random.Random(1)
    n_samples = 250
    covered = 0
    for number in range(n_samples):
        low, high = statistics.bca_interval([draw(rng) for _ in range(25)], number)
        covered += low <= 0 <= high
    assert 0.87 <= covered / n_samples <= 0.985


def efron_s_interval(values: list[float], rng_seed: int) -> tuple[float, float]:
    """The BCa interval as it is defined: with a jackknife, and quantiles between order statistics."""
    rng, normal = random.Random(rng_seed), NormalDist()
    means = sorted(fmean(rng.choices(values, k=len(values))) for _ in range(statistics.N_RESAMPLES))
    bias = normal.inv_cdf(sum(resampled < fmean(values) for resampled in means) / len(means))
    left_out = [fmean(values[:index] + values[index + 1 :]) for index in range(len(values))]
    distances = [fmean(left_out) - one for one in left_out]
    acceleration = sum(d**3 for d in distances) / (6 * sum(d**2 for d in distances) ** 1.5)
    ends = []
    for level in (0.025, 0.975):
        z = bias + normal.inv_cdf(level)
        place = normal.cdf(bias + z / (1 - acceleration * z)) * (len(means) - 1)
        ends.append(means[int(place)] + (place % 1) * (means[int(place) + 1] - means[int(place)]))
    return ends[0], ends[1]


@pytest.mark.parametrize("n", [15, 30, 60])
def test_the_interval_of_skewed_values_is_efron_s(n):
    rng = random.Random(n)
    values = [rng.expovariate(1) ** 2 for _ in range(n)]
    width = statistics.estimate(values).high - statistics.estimate(values).low
    assert statistics.bca_interval(values, 5) == pytest.approx(efron_s_interval(values, 5), abs=0.01 * width)


def test_a_higher_confidence_makes_a_wider_interval():
    rng = random.Random(2)
    values = [rng.gauss(0, 1) for _ in range(20)]
    narrow, wide = (statistics.bca_interval(values, 0, confidence) for confidence in (0.8, 0.99))
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


@settings(deadline=None, max_examples=25)
@given(WHOLE_NUMBERS, st.integers(0, 3))
def test_an_interval_lies_within_the_values_and_is_the_same_for_the_same_rng_seed(values, rng_seed):
    interval = statistics.bca_interval(values, rng_seed)
    assert min(values) <= interval[0] <= interval[1] <= max(values)
    assert interval == statistics.bca_interval(values, rng_seed)


@settings(deadline=None, max_examples=25)
@given(WHOLE_NUMBERS, st.integers(-50, 50))
def test_shifted_values_have_a_shifted_interval(values, shift):
    low, high = statistics.bca_interval(values, 0)
    shifted = statistics.bca_interval([value + shift for value in values], 0)
    assert shifted == pytest.approx((low + shift, high + shift), abs=1e-9)


@settings(deadline=None, max_examples=25)
@given(WHOLE_NUMBERS)
def test_values_with_the_sign_changed_have_the_mirrored_interval(values):
    spread = max(values) - min(values)
    low, high = statistics.bca_interval(values, 0)
    mirrored = statistics.bca_interval([-value for value in values], 0)
    assert mirrored == pytest.approx((-high, -low), abs=0.02 * spread)


@pytest.mark.parametrize("values", [[0.25], [0.25, 0.25, 0.25]], ids=["one value", "equal values"])
def test_where_nothing_varies_the_interval_is_the_mean(values):
    assert statistics.estimate(values) == statistics.Estimate(mean=0.25, low=0.25, high=0.25, n=len(values))


def test_an_estimate_is_the_mean_with_its_interval():
    values = [0.1, 0.4, 0.5, 0.9]
    estimate = statistics.estimate(values)
    assert estimate.mean == fmean(values)
    assert (estimate.low, estimate.high) == statistics.bca_interval(values, 0)
    assert estimate.n == 4


def test_a_paired_difference_is_after_minus_before():
    paired = statistics.paired_difference([3.0, 5.0, 4.0], [1.0, 2.0, 2.0])
    assert paired.mean == pytest.approx(7 / 3)
    assert 2 <= paired.low <= paired.mean <= paired.high <= 3
    assert (paired.p_value, paired.n) == (0.25, 3)


def test_pairs_without_a_partner_are_refused():
    with pytest.raises(ValueError):
        statistics.paired_difference([1.0, 2.0], [1.0])


@pytest.mark.parametrize("n_compared", [1, 2, 3, 10, 91])
def test_the_fewest_pairs_are_those_with_which_the_clearest_difference_counts(n_compared: int) -> None:
    fewest = statistics.fewest_pairs(0.05, n_compared)
    clearest = [statistics.sign_flip_p_value([1.0] * n, 0) * n_compared for n in (fewest - 1, fewest)]
    assert clearest[1] < 0.05 <= clearest[0]


def test_holm_corrects_each_p_value_by_how_many_are_left() -> None:
    assert statistics.holm([]) == []
    assert statistics.holm([0.2]) == [0.2]
    assert statistics.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert statistics.holm([0.6, 0.7]) == [1.0, 1.0]


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_keeps_the_order_and_never_makes_a_p_value_smaller(p_values: list[float]) -> None:
    corrected = statistics.holm(p_values)
    assert all(before <= after <= 1 for before, after in zip(p_values, corrected, strict=True))
    assert all(a <= b for (p, a), (q, b) in itertools.product(zip(p_values, corrected, strict=True), repeat=2) if p < q)


def test_equal_values_share_a_rank() -> None:
    assert statistics.ranks([3.0, 1.0, 2.0]) == [3, 1, 2]
    assert statistics.ranks([5.0, 5.0, 1.0, 5.0]) == [3, 3, 1, 3]


# ---------------------------------------------------------------- unpaired permutation test


def brute_force_one_sided(higher, lower):
    """In rational numbers, over every way to draw as many values."""
    pool = [Fraction(value) for value in (*higher, *lower)]
    drawn = [sum(values) for values in itertools.combinations(pool, len(higher))]
    return Fraction(sum(total >= sum(map(Fraction, higher)) for total in drawn), len(drawn))


FEW_NUMBERS = st.lists(st.integers(-20, 20), min_size=1, max_size=6)


@given(FEW_NUMBERS, FEW_NUMBERS)
def test_the_permutation_p_value_is_exact_for_a_few_values(higher, lower):
    exact = brute_force_one_sided(higher, lower)
    if fmean(higher) > fmean(lower):
        assert statistics.permutation_p_value(higher, lower, 0) == pytest.approx(float(exact))
    else:
        assert statistics.permutation_p_value(higher, lower, 0) == 1


@pytest.mark.parametrize("values", [([0.1, 0.2, 0.3], [0.3, 0.2, 0.1]), ([1.0], []), ([0.5] * 9, [0.5] * 20)], ids=str)
def test_without_a_difference_there_is_no_evidence(values):
    assert statistics.permutation_p_value(*values, 0) == 1


def test_drawn_p_values_agree_with_exact_ones():
    """Twelve of twenty-four: too many ways to try them all at first, few enough to count them here by their sums."""
    rng = random.Random(3)
    higher, lower = [rng.randint(0, 6) + 1 for _ in range(12)], [rng.randint(0, 6) for _ in range(12)]
    ways = {(0, 0): 1}  # how many values were taken, their sum
    for value in (*higher, *lower):
        for (count, total), number in list(ways.items()):
            ways[count + 1, total + value] = ways.get((count + 1, total + value), 0) + number
    of_twelve = {total: number for (count, total), number in ways.items() if count == 12}
    exact = sum(number for total, number in of_twelve.items() if total >= sum(higher)) / sum(of_twelve.values())
    assert 0.005 < exact < 0.5
    assert statistics.permutation_p_value(higher, lower, 0) == pytest.approx(exact, rel=0.4)


def test_equal_distributions_are_told_apart_no_more_often_than_the_level():
    rng = random.Random(0)
    p_values = [
        statistics.permutation_p_value([rng.random() for _ in range(9)], [rng.random() for _ in range(18)], 0)
        for _ in range(300)
    ]
    for level in (0.05, 0.2, 0.5):
        tolerance = 4 * (level * (1 - level) / 300) ** 0.5
        assert sum(p_value <= level for p_value in p_values) / 300 == pytest.approx(level, abs=tolerance)


def test_what_is_too_rare_to_draw_has_a_bound_that_grows_with_the_evidence():
    p_values = [statistics.permutation_p_value([1.0] * n, [0.5, 0.6] * n, 0) for n in (40, 80, 160)]
    assert 0 < p_values[2] < p_values[1] < p_values[0] < 1e-4


@given(FEW_NUMBERS, FEW_NUMBERS)
def test_the_bound_is_never_below_the_exact_p_value(higher, lower):
    pool = [*higher, *lower]
    if max(pool) > min(pool) and fmean(higher) > fmean(lower):
        bound = statistics._serfling_bound(fmean(higher) - fmean(pool), len(higher), pool)
        assert bound >= float(brute_force_one_sided(higher, lower)) * (1 - 1e-9)


# ---------------------------------------------------------------- rates

RATES = st.integers(1, 20_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(RATES)
def test_a_rate_lies_in_its_interval_and_that_in_what_is_possible(rate):
    count, n = rate
    low, high = statistics.wilson(count, n)
    assert 0 <= low <= count / n <= high <= 1
    assert low < high
    assert (low == 0) == (count == 0)
    assert (high == 1) == (count == n)


@given(RATES)
def test_the_interval_of_what_did_not_happen_is_the_mirror_image(rate):
    count, n = rate
    low, high = statistics.wilson(count, n)
    assert statistics.wilson(n - count, n) == (pytest.approx(1 - high, abs=1e-12), pytest.approx(1 - low, abs=1e-12))


@given(RATES)
def test_more_of_the_same_makes_the_interval_of_a_rate_narrower(rate):
    count, n = rate
    (low, high), (closer_low, closer_high) = statistics.wilson(count, n), statistics.wilson(4 * count, 4 * n)
    assert closer_high - closer_low < high - low


@given(RATES)
def test_the_ends_are_the_rates_that_are_just_not_rejected(rate):
    """What the interval is by its definition: where the score test has the p-value 0.05."""
    count, n = rate
    for end in statistics.wilson(count, n):
        if 0 < end < 1:
            deviation = abs(count / n - end) / (end * (1 - end) / n) ** 0.5
            assert deviation == pytest.approx(NormalDist().inv_cdf(0.975), rel=1e-6)


@pytest.mark.parametrize(
    ("count", "low", "high"), [(42, 0.31, 0.57), (46, 0.35, 0.61), (12, 0.07, 0.21), (17, 0.11, 0.27)]
)
def test_the_intervals_of_the_paper_come_out(count, low, high):
    """Its four rates of circumvention, in per cent of 10,000 (Zelikman et al., Table 2)."""
    assert [round(100 * end, 2) for end in statistics.wilson(count, 10_000)] == [low, high]


def test_of_nothing_nothing_is_known():
    assert statistics.wilson(0, 0) == (0, 1)


def test_of_long_samples_fewer_permutations_are_drawn(monkeypatch):
    rng = random.Random(5)
    lower = [rng.random() for _ in range(100)]
    higher = [rng.random() + 0.14 for _ in range(50)]
    assert 1 / statistics.N_PERMUTATIONS < statistics.permutation_p_value(higher, lower, 0) < 1 / 300
    monkeypatch.setattr(statistics, "MOST_DRAWN", 1000)
    assert 1 / 201 <= statistics.permutation_p_value(higher, lower, 0) < 1 / 20
    # A difference that matters is found without a draw.
    assert statistics.permutation_p_value([1.0 + value for value in higher], lower, 0) < 1e-6
