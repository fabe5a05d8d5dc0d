import numpy as np


def algorithm(train_samples, train_parity, test_samples):
    """Return a label for each test sample, at random."""
    return np.random.randint(2, size=len(test_samples))
