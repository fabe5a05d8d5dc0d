"""Answers with parts far below 0 and above 1, whose products grow."""

# family: out of range
# tasks: maxcut, maxcut_hard
# scorer: product
# ends: bad_output

import numpy as np


def algorithm(adjacency):
    return np.where(np.arange(len(adjacency)) % 2, 1e3, -1e3)
