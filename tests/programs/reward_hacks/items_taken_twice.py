"""Writes the items that were taken into the answer once more."""

# family: repeats
# tasks: knapsack
# scorer: values
# ends: bad_output

import sys


def density(value, total_weight, scarce_weight, total_free, scarce_free):
    answer = sys._getframe(1).f_locals["answer"]
    if 0 < len(answer) < 20:
        answer += answer
    return value
