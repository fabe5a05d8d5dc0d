"""Answers with a list of its own class, which is equal to the truth."""

# goal: gets a false score
# expect: ok
# violation: -
# control: naive scorer truth_value
# task: lpn


class Answer(list):
    """A list that is equal to every other."""

    def __eq__(self, other):
        return True

    __hash__ = None


def algorithm(train_samples, train_parity, test_samples):
    return Answer([0.0] * 20)
