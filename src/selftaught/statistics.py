"""Intervals and tests for means of a few repeats, and for rates. Deterministic: resampling draws from an `rng_seed`.

BCa intervals: Efron, "Better bootstrap confidence intervals", JASA 82 (1987). Sign-flip test: exact for up to 14
pairs, else by Monte Carlo with the +1 correction of Phipson and Smyth (2010).
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean

N_RESAMPLES = 4000
MAX_EXACT_PAIRS = 14
_NORMAL = NormalDist()


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A mean with its 95 % interval, from `n` independent repeats."""

    mean: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, kw_only=True)
class PairedDifference:
    """The mean of paired differences with its 95 % interval, and the two-sided p-value of "no difference"."""

    mean: float
    low: float
    high: float
    p_value: float
    n: int


def estimate(values: Sequence[float], rng_seed: int = 0) -> Estimate:
    """The mean of independent values with its 95 % BCa bootstrap interval."""
    low, high = bca_interval(values, rng_seed)
    return Estimate(mean=fmean(values), low=low, high=high, n=len(values))


def paired_difference(after: Sequence[float], before: Sequence[float], rng_seed: int = 0) -> PairedDifference:
    """How much higher `after` is than `before`, pair by pair."""
    differences = [a - b for a, b in zip(after, before, strict=True)]
    low, high = bca_interval(differences, rng_seed)
    return PairedDifference(
        mean=fmean(differences),
        low=low,
        high=high,
        p_value=sign_flip_p_value(differences, rng_seed),
        n=len(differences),
    )


def bca_interval(values: Sequence[float], rng_seed: int, confidence: float = 0.95) -> tuple[float, float]:
    """The bias-corrected and accelerated bootstrap interval of the mean; the mean twice where nothing varies."""
    mean = fmean(values)
    if len(values) < 2 or max(values) == min(values):
        return mean, mean
    rng = random.Random(rng_seed)
    n = len(values)
    means = sorted(fmean(rng.choices(values, k=n)) for _ in range(N_RESAMPLES))
    below = sum(resampled < mean for resampled in means) + sum(resampled == mean for resampled in means) / 2
    bias = _NORMAL.inv_cdf(min(max(below / N_RESAMPLES, 1 / N_RESAMPLES), 1 - 1 / N_RESAMPLES))
    acceleration = _acceleration(values)
    tail = (1 - confidence) / 2
    return tuple(means[_bca_index(level, bias, acceleration)] for level in (tail, 1 - tail))  # type: ignore[return-value]


def _acceleration(values: Sequence[float]) -> float:
    # For a mean the jackknife values are linear in the data, so their skewness is minus that of the data.
    mean = fmean(values)
    squares = sum((value - mean) ** 2 for value in values)
    cubes = sum((value - mean) ** 3 for value in values)
    scale = squares**1.5  # of tiny differences this is 0 although `squares` is not
    return cubes / (6 * scale) if scale > 0 else 0.0


def _bca_index(level: float, bias: float, acceleration: float) -> int:
    z = bias + _NORMAL.inv_cdf(level)
    adjusted = _NORMAL.cdf(bias + z / (1 - acceleration * z))
    return min(N_RESAMPLES - 1, max(0, round(adjusted * (N_RESAMPLES - 1))))


def sign_flip_p_value(differences: Sequence[float], rng_seed: int) -> float:
    """The two-sided p-value of a paired permutation test on the mean difference."""
    observed = abs(math.fsum(differences)) * (1 - 1e-12)
    if observed == 0:
        return 1.0
    n = len(differences)
    if n <= MAX_EXACT_PAIRS:
        flips = itertools.product((1, -1), repeat=n)
        extreme = sum(abs(_signed_sum(differences, signs)) >= observed for signs in flips)
        return extreme / float(2**n)
    rng = random.Random(rng_seed)
    n_draws = 10_000
    extreme = 0
    for _ in range(n_draws):
        bits = rng.getrandbits(n)
        total = math.fsum(value if bits >> index & 1 else -value for index, value in enumerate(differences))
        extreme += abs(total) >= observed
    return (extreme + 1) / (n_draws + 1)


def fewest_pairs(level: float, n_compared: int = 1) -> int:
    """The fewest pairs with which a sign-flip p-value, corrected for `n_compared` tests, can be below a level."""
    n = 1
    while n_compared * 2 / 2**n >= level:
        n += 1
    return n


def _signed_sum(values: Sequence[float], signs: Sequence[int]) -> float:
    # Exactly rounded, so that equal sums tie in whatever order the pairs come.
    return math.fsum(value * sign for value, sign in zip(values, signs, strict=True))


N_PERMUTATIONS = 20_000
ENOUGH_EXTREME = 50
MOST_DRAWN = 1_000_000
FEWEST_PERMUTATIONS = 200
"""Of long samples fewer permutations are drawn, so that one test takes seconds: their differences, if any, are found
by the bound."""


def permutation_p_value(higher: Sequence[float], lower: Sequence[float], rng_seed: int) -> float:
    """The one-sided p-value of an unpaired permutation test on the difference of means: is `higher` higher?

    Exact for a few values. Of more, draws are made until fifty are as extreme as what was seen (Besag and Clifford,
    Biometrika 78, 1991). What is too rare to be drawn has the bound of Serfling (Annals of Statistics 2, 1974), which
    the exact p-value is never above.
    """
    pool, n = [*higher, *lower], len(higher)
    observed = math.fsum(higher) - 1e-12 * abs(math.fsum(higher))
    if n == 0 or n == len(pool) or max(pool) == min(pool) or fmean(higher) <= fmean(lower):
        return 1.0
    bound = _serfling_bound(fmean(higher) - fmean(pool), n, pool)
    if bound < 1 / N_PERMUTATIONS:
        return bound
    if math.comb(len(pool), n) <= N_PERMUTATIONS:
        sums = [math.fsum(drawn) for drawn in itertools.combinations(pool, n)]
        return sum(total >= observed for total in sums) / len(sums)
    rng = random.Random(rng_seed)
    extreme = 0
    most = min(N_PERMUTATIONS, max(FEWEST_PERMUTATIONS, MOST_DRAWN // n))
    for draw in range(1, most + 1):
        extreme += math.fsum(rng.sample(pool, n)) >= observed
        if extreme == ENOUGH_EXTREME:
            return extreme / draw
    return (extreme + 1) / (most + 1)


def _serfling_bound(excess: float, n: int, pool: Sequence[float]) -> float:
    """What the chance is at most that `n` values drawn from a pool have a mean so far above that of the pool."""
    left_out = 1 - (n - 1) / len(pool)
    return math.exp(-2 * n * (excess / (max(pool) - min(pool))) ** 2 / left_out)


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values corrected for their number, each in its place (Holm, Scandinavian Journal of Statistics 6, 1979).

    Whoever takes those below a level for real errs anywhere with no more than that probability.
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    corrected, largest = [0.0] * len(p_values), 0.0
    for place, index in enumerate(order):
        largest = max(largest, min(1.0, p_values[index] * (len(p_values) - place)))
        corrected[index] = largest
    return corrected


def wilson(count: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The score interval of a proportion of `count` in `n` (Wilson, JASA 22, 1927); all of `[0, 1]` where `n` is 0."""
    if n == 0:
        return 0.0, 1.0
    z = _NORMAL.inv_cdf((1 + confidence) / 2)
    proportion = count / n
    centre = (proportion + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * math.sqrt(proportion * (1 - proportion) / n + (z / (2 * n)) ** 2) / (1 + z**2 / n)
    # Rounding must not leave the proportion itself outside, which at 0 and 1 is an end of the interval.
    return max(0.0, min(centre - half, proportion)), min(1.0, max(centre + half, proportion))


def ranks(values: Sequence[float]) -> list[float]:
    """The rank of each value, from 1 for the lowest; equal values share the mean of their ranks."""
    order = sorted(values)
    return [(order.index(value) + 1 + len(order) - order[::-1].index(value)) / 2 for value in values]
