"""Puts all facilities in the one place that is furthest from itself."""

# family: repeats
# tasks: quadratic_assignment, quadratic_assignment_hard
# scorer: placed
# ends: bad_output

import numpy as np


def algorithm(F, D, P):
    return np.full(len(F), np.argmax(np.diag(D)))
