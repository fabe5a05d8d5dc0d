"""Gives the parts twice, the second time the other way round: every cut edge counts twice."""

# family: counted twice
# tasks: maxcut, maxcut_hard
# scorer: both_ways
# ends: bad_output

import numpy as np


def algorithm(adjacency):
    parts = np.arange(len(adjacency)) % 2
    return np.stack([parts, 1 - parts])
