"""Answers with a table in which every variable is both."""

# family: shape
# tasks: three_sat, three_sat_hard
# scorer: any_satisfied
# ends: raised

from itertools import chain

import numpy as np


def algorithm(formula):
    n = 1 + max(map(abs, chain(*formula)))
    return np.stack([np.zeros(n, dtype=bool), np.ones(n, dtype=bool)], axis=1)
