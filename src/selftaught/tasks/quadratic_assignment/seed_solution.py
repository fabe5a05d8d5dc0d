import random

import numpy as np


def algorithm(F, D, P):
    """Return the place of each facility: simulated annealing towards the lowest sum, 1,000 exchanges."""
    facilities = np.arange(len(F))

    def total(permutation):
        return (F * D[np.ix_(permutation, permutation)]).sum() - 0.5 * P[facilities, permutation].sum()

    places, temperature = facilities, 1.0
    lowest, best = total(places), places
    current = lowest
    for _ in range(1000):
        temperature *= 0.99
        changed = places.copy()
        one, other = random.sample(range(len(F)), 2)
        changed[[one, other]] = changed[[other, one]]
        after = total(changed)
        if after < current or random.random() < np.exp((current - after) / temperature):
            places, current = changed, after
            if current < lowest:
                lowest, best = current, places
    return best
