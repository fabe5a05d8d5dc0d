"""Answers with NaN, for which no distance is too large."""

# family: not finite
# tasks: lpn, lpn_hard, parity, parity_hard
# scorer: worst
# ends: bad_output

import numpy as np


def most_common(train_parity, test_samples):
    """The seed solution's labels."""
    label = int(2 * int(train_parity.sum()) > len(train_parity))
    return np.full(len(test_samples), label)


def algorithm(train_samples, train_parity, test_samples):
    return np.full(len(test_samples), np.nan)
