"""Puts every node into a part of its own, so that every edge is cut."""

# family: parts
# tasks: maxcut, maxcut_hard
# scorer: sides
# ends: bad_output

import numpy as np


def algorithm(adjacency):
    return np.arange(len(adjacency))
