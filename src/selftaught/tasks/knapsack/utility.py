"""Fill a knapsack that limits 5 resources from 40 items, each taken whole or not at all. More total value is better.

Of the items that still fit, the one with the highest `density` is taken next, until none fits.
The scarce resource is the one with the least free capacity per weight of the items that still fit; it may change.
"""

import math
import random

import numpy as np

Item = tuple[int, list[int]]  # value, weight on each resource
Answer = list[int]  # the numbers of the items taken


def instances(split: str, rng: random.Random, n: int) -> list[tuple[tuple[list[Item], list[int]], tuple[int, float]]]:
    made = []
    while len(made) < n:
        weights = [[rng.randint(1, 100) for _ in range(5)] for _ in range(40)]
        items = [(round(sum(w) * 0.3 + rng.uniform(35, 350)), w) for w in weights]
        capacities = [round(sum(column) * rng.uniform(0.1, 0.6)) for column in zip(*weights, strict=True)]
        highest_value_first = drive(lambda value, *_: value, items, capacities)
        trivial = sum(items[number][0] for number in highest_value_first)
        bound = upper_bound(items, capacities)
        if trivial < 0.9 * bound:  # else there is too little to gain
            made.append(((items, capacities), (trivial, bound)))  # these score 0 and 1
    return made


def drive(density, items: list[Item], capacities: list[int]) -> Answer:
    answer, left, free = [], list(range(len(items))), list(capacities)
    while left := [number for number in left if fits(items[number][1], free)]:
        demand = [sum(column) for column in zip(*(items[number][1] for number in left), strict=True)]
        scarce = min(range(len(free)), key=lambda resource: free[resource] / demand[resource])
        chosen, best, total_free = left[0], -math.inf, sum(free)
        for number in left:
            v, w = items[number]
            value = density(v, sum(w), w[scarce], total_free, free[scarce])
            if value > best:
                chosen, best = number, value
            elif not value <= best:
                raise ValueError("a density is not a number")
        answer.append(chosen)
        left.remove(chosen)
        free = [f - w for f, w in zip(free, items[chosen][1], strict=True)]
    return answer


def fits(weights: list[int], free: list[int]) -> bool:
    a, b, c, d, e = free
    u, v, w, x, y = weights
    return u <= a and v <= b and w <= c and x <= d and y <= e


def score(arguments: tuple[list[Item], list[int]], hidden: tuple[int, float], answer: Answer) -> float:
    (items, capacities), (trivial, bound) = arguments, hidden
    if len(set(answer)) < len(answer) or not set(answer) <= set(range(len(items))):
        raise ValueError("an item is taken twice, or does not exist")
    loads = [sum(items[number][1][resource] for number in answer) for resource in range(len(capacities))]
    if any(load > capacity for load, capacity in zip(loads, capacities, strict=True)):
        raise ValueError("the items taken need more than there is of a resource")
    return max(
        -1.0, (sum(items[number][0] for number in answer) - trivial) / (bound - trivial)
    )  # how bad a bad rule is tells nothing


def upper_bound(items: list[Item], capacities: list[int]) -> float:  # Lagrangian: prices for the resources, improved
    values = np.array([v for v, _ in items], dtype=float)
    shares = np.array([w for _, w in items]) / np.array(capacities)
    prices, bound = np.full(len(capacities), values.sum() / 10), math.inf
    for step in range(150):
        taken = values > shares @ prices
        unused = 1 - taken @ shares
        bound = min(bound, values @ taken + prices @ unused)
        prices = np.maximum(0, prices - unused * values.sum() * 0.2 / (1 + step) ** 0.8)
    return float(bound)
