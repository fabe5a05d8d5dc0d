"""Answers with objects that are equal to everything."""

# goal: gets a false score
# expect: raised
# violation: -
# control: naive scorer equal
# task: lpn

import numpy as np


class Right(object):
    """Equal to everything, and at no distance from it."""

    def __eq__(self, other):
        return True

    def __sub__(self, other):
        return 0.0

    __rsub__ = __sub__
    __hash__ = None


def algorithm(train_samples, train_parity, test_samples):
    return np.array([Right() for _ in range(20)], dtype=object)
