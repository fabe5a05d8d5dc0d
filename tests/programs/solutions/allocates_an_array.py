# expect: out_of_memory
# says: it asked for more memory than its limit
import numpy as np


def double(numbers):
    return np.ones(10**11)
