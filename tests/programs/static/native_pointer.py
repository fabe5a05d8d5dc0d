# shows: native_code

import numpy as np


def f(x):
    pointer = np.ctypeslib.as_ctypes(np.asarray(x))
    return pointer[0]
