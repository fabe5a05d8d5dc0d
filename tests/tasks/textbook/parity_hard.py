"""Information sets (Prange): solve for bits taken in a random order, the others at 0; the sparsest mask wins."""

import random
import time

import numpy as np


def algorithm(train_samples, train_parity, test_samples):
    begun, rng = time.process_time(), random.Random(0)
    n_train, n_bits = train_samples.shape
    best = None
    packed = [
        sum(1 << column for column, bit in enumerate(sample) if bit) | int(label) << n_bits
        for sample, label in zip(train_samples.tolist(), train_parity, strict=True)
    ]
    while best is None or time.process_time() - begun < 0.08:
        order = rng.sample(range(n_bits), n_bits)
        rows, pivots = list(packed), []
        for bit in order:
            place = 1 << bit
            own = len(pivots)
            for index in range(own, n_train):
                if rows[index] & place:
                    break
            else:
                continue
            pivot = rows[index]
            rows[index] = rows[own]
            rows = [row ^ pivot if row & place else row for row in rows]
            rows[own] = pivot
            pivots.append(bit)
            if len(pivots) == n_train:
                break
        labels = [row >> n_bits for row in rows]
        mask = [bit for bit, label in zip(pivots, labels, strict=False) if label]
        if best is None or len(mask) < len(best):
            best = mask
    chosen = np.zeros(n_bits, dtype=int)
    chosen[best] = 1
    return test_samples @ chosen % 2
