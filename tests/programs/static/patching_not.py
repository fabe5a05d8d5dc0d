# shows: nothing

import decimal
import io
import logging
import sys

import numpy as np

decimal.getcontext().prec = 50
sys.stdout = io.StringIO()
log = logging.getLogger("x")
log.disabled = True


def f(x):
    f.calls = getattr(f, "calls", 0) + 1
    table = np.zeros(3)
    table.shape = (3, 1)
    result = {}
    result["np.mean"] = np.mean(table)
    return result


def sum(values):
    return len(values)
