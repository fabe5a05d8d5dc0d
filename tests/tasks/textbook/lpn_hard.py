"""Guess as many training samples as there are bits, hope that all their labels are right, solve, and count the errors.

Each row is a whole number: its bits, and the label above them.
"""

import random
import time

import numpy as np


def algorithm(train_samples, train_parity, test_samples):
    begun, rng = time.process_time(), random.Random(0)
    n_train, n_bits = train_samples.shape
    powers = [1 << bit for bit in range(n_bits)]
    rows = [
        sum(power for power, bit in zip(powers, sample, strict=True) if bit) | int(label) << n_bits
        for sample, label in zip(train_samples.tolist(), train_parity, strict=True)
    ]
    best, fewest = None, n_train + 1
    while time.process_time() - begun < 0.085:
        mask = solution(rng.sample(rows, n_bits + 4), n_bits)
        if mask is None:
            continue
        tested = sum((row & (mask | 1 << n_bits)).bit_count() & 1 for row in rows[:40])
        if tested > 14:
            continue
        errors = sum((row & (mask | 1 << n_bits)).bit_count() & 1 for row in rows)
        if errors < fewest:
            best, fewest = mask, errors
        if errors < 0.25 * n_train:
            break
    chosen = [(best or 0) >> bit & 1 for bit in range(n_bits)]
    return test_samples @ np.array(chosen) % 2


def solution(rows, n_bits):
    """The mask that the first independent rows determine; None if they do not determine one."""
    reduced = []  # pairs of a row and its highest bit below the label
    below = (1 << n_bits) - 1
    for row in rows:
        for other, top in reduced:
            if row & top:
                row ^= other
        rest = row & below
        if rest:
            reduced.append((row, 1 << rest.bit_length() - 1))
            if len(reduced) == n_bits:
                break
    if len(reduced) < n_bits:
        return None
    mask = 0
    for row, top in reversed(reduced):  # its other bits belong to rows that came later
        if (row & (mask | 1 << n_bits)).bit_count() & 1:
            mask |= top
    return mask
