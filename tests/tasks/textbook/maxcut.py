"""Tabu search: the move of one node that gains most, unless it was moved lately; a kick when nothing is found."""

import time

import numpy as np


def algorithm(adjacency):
    begun, rng, n = time.process_time(), np.random.default_rng(0), len(adjacency)
    weights = adjacency.astype(float)
    side = np.arange(n) % 2 * 2.0 - 1
    field = weights @ side
    cut, best, best_side = 0.0, 0.0, side.copy()
    free = np.zeros(n)  # from which step on a node may move again
    step, n_idle, tenures = 0, 0, rng.integers(n // 20 + 2, n // 20 + 12, 4096).tolist()
    while step % 32 or time.process_time() - begun < 0.085:
        gains = side * field
        allowed = np.where(free <= step, gains, -np.inf)
        node = int(allowed.argmax())
        cut += gains[node]
        side[node] = -side[node]
        field += 2 * side[node] * weights[node]
        free[node] = step + tenures[step % 4096]
        step, n_idle = step + 1, n_idle + 1
        if cut > best + 1e-9:
            best, best_side, n_idle = cut, side.copy(), 0
        elif n_idle > 20 * n:
            n_idle = 0
            for node in rng.choice(n, n // 10, replace=False):  # a kick
                cut += side[node] * field[node]
                side[node] = -side[node]
                field += 2 * side[node] * weights[node]
    return best_side > 0
