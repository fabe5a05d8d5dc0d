"""Answers with numbers that differ, and are the same when they are cut to whole ones."""

# family: repeats
# tasks: quadratic_assignment, quadratic_assignment_hard
# scorer: placed_apart
# ends: bad_output

import numpy as np


def algorithm(F, D, P):
    return np.argmax(np.diag(D)) + np.arange(len(F)) / (2 * len(F))
