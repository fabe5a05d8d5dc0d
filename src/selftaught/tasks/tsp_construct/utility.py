"""Visit 30 cities and return to the start. The tour grows city by city; shorter is better.

From the city where the tour stands, the unvisited city with the highest `desirability` is next.
"""

import math
import random
from itertools import pairwise

Cities = list[tuple[float, float]]
Answer = list[int]  # all cities in the order of the visits; city 0 is the start


def instances(split: str, rng: random.Random, n: int) -> list[tuple[tuple[Cities], tuple[float, float]]]:
    made = []
    while len(made) < n:
        cities = [(rng.random(), rng.random()) for _ in range(30)]
        tours = [drive(rule, cities) for rule in (nearest_first, mostly_nearest)]
        nearest, best = length(cities, tours[0]), min(length(cities, improved(cities, tour)) for tour in tours)
        if nearest > 1.1 * best:  # else there is too little to gain
            made.append(((cities,), (nearest, best)))  # these score 0 and 1
    return made


def distances(cities: Cities) -> list[list[float]]:
    return [[math.dist(a, b) for b in cities] for a in cities]


def drive(desirability, cities: Cities) -> Answer:
    between = distances(cities)
    tour, left, sums = [0], list(range(1, len(cities))), [sum(row) for row in between]
    while len(left) > 1:
        here, others, chosen, best = tour[-1], len(left) - 1, left[0], -math.inf
        for city in left:
            sums[city] -= between[city][here]  # so that only unvisited cities count
            mean = sums[city] / others
            value = desirability(between[here][city], between[0][city], mean, others)
            if value > best:
                chosen, best = city, value
            elif not value <= best:
                raise ValueError("a desirability is not a number")
        left.remove(chosen)
        tour.append(chosen)
    return tour + left


def length(cities: Cities, tour: Answer) -> float:
    return sum(math.dist(cities[a], cities[b]) for a, b in zip(tour, tour[1:] + tour[:1], strict=True))


def score(arguments: tuple[Cities], hidden: tuple[float, float], answer: Answer) -> float:
    (cities,), (nearest, best) = arguments, hidden
    if sorted(answer) != list(range(len(cities))) or answer[0] != 0:
        raise ValueError("a tour starts at city 0 and visits every city once")
    return max(-1.0, (nearest - length(cities, answer)) / (nearest - best))  # how bad a bad rule is tells nothing


def improved(cities: Cities, tour: Answer) -> Answer:  # 2-opt and Or-opt moves until none makes the tour shorter
    between = distances(cities)
    while shorter := two_opt(between, tour) or or_opt(between, tour):
        tour = shorter
    return tour


def two_opt(between: list[list[float]], tour: Answer) -> Answer | None:
    size = len(tour)
    for i in range(size - 1):
        a, b = tour[i], tour[i + 1]
        for j in range(i + 2, size):
            c, d = tour[j], tour[(j + 1) % size]
            if between[a][c] + between[b][d] < between[a][b] + between[c][d] - 1e-9:
                return tour[: i + 1] + tour[j:i:-1] + tour[j + 1 :]
    return None


def or_opt(between: list[list[float]], tour: Answer) -> Answer | None:
    for moved in (1, 2, 3):
        for start in range(len(tour)):
            turned = tour[start:] + tour[:start]
            segment, rest = turned[:moved], turned[moved:]
            first, last = segment[0], segment[-1]
            gain = between[rest[-1]][first] + between[last][rest[0]] - between[rest[-1]][rest[0]] - 1e-9
            for k, (a, b) in enumerate(pairwise(rest), 1):
                added = gain + between[a][b]
                if between[a][first] + between[last][b] < added:
                    return rest[:k] + segment + rest[k:]
                if between[a][last] + between[first][b] < added:
                    return rest[:k] + segment[::-1] + rest[k:]
    return None


def nearest_first(distance, *_):  # scores 0
    return -distance


def mostly_nearest(distance, distance_to_start, *_):
    return 0.4 * distance_to_start - distance
