"""Elimination over GF(2): a mask that agrees with all training labels."""

import numpy as np


def algorithm(train_samples, train_parity, test_samples):
    rows = np.column_stack([train_samples, train_parity]) % 2
    n_bits, pivots = train_samples.shape[1], []
    for bit in range(n_bits):
        candidates = np.flatnonzero(rows[len(pivots) :, bit]) + len(pivots)
        if len(candidates):
            own = len(pivots)
            rows[[own, candidates[0]]] = rows[[candidates[0], own]]
            others = rows[:, bit] == 1
            others[own] = False
            rows[others] ^= rows[own]
            pivots.append(bit)
    mask = np.zeros(n_bits, dtype=int)
    mask[pivots] = rows[: len(pivots), -1]
    return test_samples @ mask % 2
