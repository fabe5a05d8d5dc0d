import numpy as np


def algorithm(rows, labels, unlabelled):
    return np.zeros(len(unlabelled), dtype=int)
