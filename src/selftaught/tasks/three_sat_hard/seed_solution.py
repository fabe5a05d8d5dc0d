from itertools import chain


def algorithm(formula):
    """Return a value for each variable (index 0 is not used): all are true."""
    return [True] * (1 + max(map(abs, chain(*formula))))
