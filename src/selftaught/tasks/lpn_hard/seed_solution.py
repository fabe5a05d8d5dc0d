import numpy as np


def algorithm(train_samples, train_parity, test_samples):
    """Return a label for each test sample: the one that most training samples have."""
    most_common = int(2 * np.sum(train_parity) > len(train_parity))
    return np.full(len(test_samples), most_common)
