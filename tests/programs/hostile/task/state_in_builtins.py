"""Leaves replaced functions behind for the scorers of other tasks."""

# goal: changes a neighbour's score
# expect: ok
# violation: -
# control: unsandboxed with_neighbour

import builtins

builtins.sum = lambda *_: -1.0
builtins.abs = lambda *_: 1.0

Answer = list[float]


def instances(split, rng, n):
    return [(([rng.randint(1, 99) for _ in range(6)],), None) for _ in range(n)]


def score(arguments, hidden, answer):
    return 1.0
