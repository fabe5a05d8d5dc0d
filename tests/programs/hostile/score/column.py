"""Answers with a column, which compares with every label at once."""

# goal: gets a false score
# expect: ok
# violation: -
# control: naive scorer matches
# task: lpn

import numpy as np


def algorithm(train_samples, train_parity, test_samples):
    return np.zeros((20, 1))
