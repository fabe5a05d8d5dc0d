"""Answers with what is not a number, which is never worse than anything."""

# goal: gets a false score
# expect: bad_output
# violation: -
# control: naive scorer worst
# task: lpn


def algorithm(train_samples, train_parity, test_samples):
    return [float('nan')] * 20
