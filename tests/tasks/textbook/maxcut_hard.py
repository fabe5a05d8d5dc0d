"""Tabu search from a local optimum: the move of one node that gains most, unless it was moved lately."""

import time

import numpy as np


def algorithm(adjacency):
    begun, rng, n = time.process_time(), np.random.default_rng(0), len(adjacency)
    side = np.arange(n, dtype=np.float32) % 2 * 2 - 1
    rows, pull = list(adjacency), adjacency @ side
    free = np.zeros(n, dtype=np.int32)  # from which step on a node may move again
    tenures = rng.integers(20, 50, 1024).tolist()
    cut, best, best_side, step = 0.0, 0.0, side.copy(), 0
    while step % 16 or time.process_time() - begun < 0.025:
        gains = side * pull
        if step > n // 2:  # the way up needs no list of what is forbidden
            gains[free > step] = -np.inf
        node = int(gains.argmax())
        cut += float(gains[node])
        side[node] = -side[node]
        pull += (2 * side[node]) * rows[node]
        free[node] = step + tenures[step % 1024]
        step += 1
        if cut > best:
            best, best_side = cut, side.copy()
    return best_side > 0
