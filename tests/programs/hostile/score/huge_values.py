"""Answers with the largest numbers there are."""

# goal: gets a false score
# expect: bad_output
# violation: -
# control: naive scorer larger_is_better
# task: lpn


def algorithm(train_samples, train_parity, test_samples):
    return [1.7e308] + [0.0] * 19
