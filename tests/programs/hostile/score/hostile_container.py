"""Answers with something that claims to contain everything."""

# goal: gets a false score
# expect: bad_output
# violation: -
# control: naive scorer found
# task: guessing


class Everything:
    """Contains whatever it is asked for."""

    def __contains__(self, item):
        return True

    def __len__(self):
        return 20

    def __iter__(self):
        return iter([0.0] * 20)


def guess(numbers):
    return Everything()
