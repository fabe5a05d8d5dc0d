"""What each score means: its two ends, which answers it refuses, and what must not matter to it."""

from __future__ import annotations

import itertools
import math
import random
import statistics

import msgspec
import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

RNG_SEEDS = st.integers(0, 10**6)
FEW = settings(max_examples=25, deadline=None)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("bin_packing", lambda item, room, *_: room),
        ("dispatch", lambda time, *_: -time),
        ("knapsack", lambda value, *_: value),
        ("tsp_construct", lambda distance, *_: -distance),
    ],
)
def test_the_trivial_rule_scores_zero(load_task, name, rule):
    task = load_task(name)
    assert task.scores(rule, task.instances(n=5)) == [0] * 5


def test_random_priorities_score_about_zero_in_the_job_shop(load_task):
    rng = random.Random(0)
    assert abs(load_task("job_shop").value(lambda *_: rng.random(), "test")) < 0.15


def test_the_reference_rule_scores_one_in_dispatch(load_task):
    def apparent_tardiness_cost(time, due, weight, now, mean):
        return weight / time * math.exp(-max(0, due - time - now) / (2 * mean))

    task = load_task("dispatch")
    assert task.scores(apparent_tardiness_cost, task.instances(n=5)) == [1] * 5


def test_right_labels_score_one_and_wrong_ones_zero(load_task):
    task = load_task("lpn")
    (arguments, labels) = task.instances(n=1)[0]
    assert task.score(arguments, labels, labels) == 1
    assert task.score(arguments, labels, [1 - label for label in labels]) == 0


def test_the_standard_error_of_lpn_is_at_most_0_015(load_task):
    task = load_task("lpn")
    half_right = task.scores(lambda train, parity, test: test[:, 0], task.instances())
    assert len(half_right) >= 200
    assert statistics.stdev(half_right) / len(half_right) ** 0.5 <= 0.015


def test_lpn_draws_bits_and_noise_as_the_paper_says(load_task):
    instances = load_task("lpn").instances("test")
    samples = numpy.concatenate([arguments[0] for arguments, _ in instances])
    assert samples.shape == (40000, 10)
    assert set(samples.ravel().tolist()) == {0, 1}
    assert abs(samples.mean() - 0.5) < 0.01
    train, parity, test = instances[0][0]
    assert (train.shape, parity.shape, test.shape) == ((100, 10), (100,), (20, 10))


@pytest.mark.parametrize("shape", [(20,), (20, 1), (1, 20)])
@pytest.mark.parametrize("kind", [bool, int, float, "uint8"])
def test_lpn_takes_labels_of_any_number_type(load_task, shape, kind):
    task = load_task("lpn")
    arguments, _ = task.instances(n=1)[0]
    assert task.answer(lambda *_: numpy.ones(shape, dtype=kind), arguments) == [1.0] * 20


@pytest.mark.parametrize("label", [2, -1, 0.5, math.nan, math.inf])
def test_lpn_refuses_labels_that_are_not_0_or_1(load_task, label):
    task = load_task("lpn")
    arguments, labels = task.instances(n=1)[0]
    with pytest.raises(ValueError, match="0 or 1"):
        task.score(arguments, labels, [*labels[:-1], label])


def test_overfull_bins_are_refused(load_task):
    task = load_task("bin_packing")
    arguments, hidden = task.instances(n=1)[0]
    with pytest.raises(ValueError, match="capacity"):
        task.score(arguments, hidden, [0] * 500)


@pytest.mark.parametrize("answer", [[0, 0], [40], [-1], list(range(40))])
def test_impossible_knapsacks_are_refused(load_task, answer):
    task = load_task("knapsack")
    arguments, hidden = task.instances(n=1)[0]
    with pytest.raises(ValueError):
        task.score(arguments, hidden, answer)


def test_a_tour_starts_at_city_0(load_task):
    task = load_task("tsp_construct")
    arguments, hidden = task.instances(n=1)[0]
    with pytest.raises(ValueError, match="city 0"):
        task.score(arguments, hidden, [*range(1, 30), 0])


@FEW
@given(RNG_SEEDS)
def test_the_names_of_the_jobs_do_not_matter_to_dispatch(load_task, rng_seed):
    task, rng = load_task("dispatch"), random.Random(rng_seed)
    ((jobs,), hidden) = task.utility["instances"]("fresh", rng, 1)[0]
    order, names = rng.sample(range(16), 16), rng.sample(range(16), 16)
    renamed = [jobs[names.index(number)] for number in range(16)]
    assert task.score((jobs,), hidden, order) == task.score((renamed,), hidden, [names[number] for number in order])


@FEW
@given(RNG_SEEDS)
def test_the_names_of_the_bins_do_not_matter(load_task, rng_seed):
    task, rng = load_task("bin_packing"), random.Random(rng_seed)
    arguments, hidden = task.utility["instances"]("fresh", rng, 1)[0]
    answer = task.answer(lambda *_: rng.random(), arguments)
    names = rng.sample(range(-1000, 1000), 500)
    assert task.score(arguments, hidden, answer) == task.score(arguments, hidden, [names[bin_] for bin_ in answer])
    assert task.score(arguments, hidden, answer) <= 1


@FEW
@given(RNG_SEEDS)
def test_the_order_of_taking_does_not_matter_to_the_knapsack(load_task, rng_seed):
    task, rng = load_task("knapsack"), random.Random(rng_seed)
    arguments, hidden = task.utility["instances"]("fresh", rng, 1)[0]
    answer = task.answer(lambda *_: rng.random(), arguments)
    assert task.score(arguments, hidden, answer) == task.score(arguments, hidden, sorted(answer)) <= 1


@FEW
@given(RNG_SEEDS)
def test_the_direction_of_a_tour_does_not_matter(load_task, rng_seed):
    task, rng = load_task("tsp_construct"), random.Random(rng_seed)
    arguments, hidden = task.utility["instances"]("fresh", rng, 1)[0]
    tour = rng.sample(range(1, 30), 29)
    backwards = task.score(arguments, hidden, [0, *tour[::-1]])
    assert task.score(arguments, hidden, [0, *tour]) == pytest.approx(backwards)


@FEW
@given(RNG_SEEDS)
def test_no_knapsack_is_worth_more_than_the_bound(load_task, rng_seed):
    rng = random.Random(rng_seed)
    items = [(rng.randint(1, 99), [rng.randint(1, 99) for _ in range(5)]) for _ in range(9)]
    capacities = [rng.randint(60, 300) for _ in range(5)]
    subsets = itertools.chain.from_iterable(itertools.combinations(items, size) for size in range(10))
    best = max(
        sum(value for value, _ in subset)
        for subset in subsets
        if all(sum(weights[k] for _, weights in subset) <= capacities[k] for k in range(5))
    )
    assert load_task("knapsack").utility["upper_bound"](items, capacities) >= best


@FEW
@given(RNG_SEEDS)
def test_an_improved_tour_is_a_tour_and_not_longer(load_task, rng_seed):
    utility, rng = load_task("tsp_construct").utility, random.Random(rng_seed)
    cities = [(rng.random(), rng.random()) for _ in range(7)]
    tour = utility["improved"](cities, list(range(7)))
    shortest = min(utility["length"](cities, [0, *rest]) for rest in itertools.permutations(range(1, 7)))
    assert sorted(tour) == list(range(7))
    assert shortest - 1e-9 <= utility["length"](cities, tour) <= utility["length"](cities, list(range(7))) + 1e-9


def test_an_answer_is_of_plain_types_once_it_crossed(task):
    arguments, _ = task.instances(n=1)[0]
    answer = task.answer(task.seed_solution, arguments)
    assert msgspec.convert(msgspec.msgpack.decode(msgspec.msgpack.encode(answer)), task.utility["Answer"]) == answer
