# expect: bad_output
# says: WireError: this cannot be sent: an array of dtype object
import numpy as np


class Anything:
    def __eq__(self, other):
        return True

    def __rsub__(self, other):
        return 0

    __sub__ = __rsub__


def double(numbers):
    return np.array([Anything() for number in numbers], dtype=object)
