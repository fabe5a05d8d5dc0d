"""Uses numbers so small in bits that errors wrap around to nothing."""

# goal: gets a false score
# expect: bad_output
# violation: -
# control: naive scorer squares
# task: lpn

import numpy as np


def algorithm(train_samples, train_parity, test_samples):
    return np.full(20, 16, dtype=np.int8)
