# expect: ok
# value: 1.0
import numpy as np


def double(numbers):
    return list(np.array(numbers) * 2)
