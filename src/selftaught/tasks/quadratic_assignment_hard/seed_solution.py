import numpy as np


def algorithm(F, D, P):
    """Return the place of each facility: the one of its own number."""
    return np.arange(len(F))
