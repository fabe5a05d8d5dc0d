# shows: nothing

import itertools
import time

import numpy as np


def f(cities):
    rng = np.random.default_rng(0)
    order = list(range(len(cities)))
    started = time.monotonic()
    for step in itertools.count():
        if time.monotonic() - started > 0.1 or step > 1000:
            break
        i, j = sorted(rng.integers(0, len(order), 2))
        order[i:j] = order[i:j][::-1]
    return order
