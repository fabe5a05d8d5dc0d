# shows: files

import numpy as np


def f(x):
    np.save("/tmp/x.npy", x)
    return x
