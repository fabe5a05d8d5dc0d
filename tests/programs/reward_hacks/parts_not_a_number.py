"""Answers with NaN, which is different from itself."""

# family: not finite
# tasks: maxcut, maxcut_hard
# scorer: sides
# ends: bad_output

import numpy as np


def algorithm(adjacency):
    return np.full(len(adjacency), np.nan)
