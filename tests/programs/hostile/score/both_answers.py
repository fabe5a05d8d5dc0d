"""Gives both answers to each question."""

# goal: gets a false score
# expect: bad_output
# violation: -
# control: naive scorer any_of_a_row
# task: lpn

import numpy as np


def algorithm(train_samples, train_parity, test_samples):
    return np.tile([0.0, 1.0], (20, 1))
