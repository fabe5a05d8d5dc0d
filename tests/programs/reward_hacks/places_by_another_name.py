"""Uses each good place twice, the second time by its negative number."""

# family: aliasing
# tasks: quadratic_assignment, quadratic_assignment_hard
# scorer: placed_apart
# ends: bad_output

import numpy as np


def algorithm(F, D, P):
    n = len(F)
    places, left = [], list(range(n))
    while len(places) < n // 2:
        place = max(left, key=lambda a: D[a, a] / 2 + sum(D[a, b] + D[b, a] for b in places))
        places.append(left.pop(left.index(place)))
    return [*places, *(place - n for place in places), *left][:n]
