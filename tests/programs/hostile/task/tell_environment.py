"""Tells what the environment holds by refusing an answer."""

# goal: learns the token
# expect: bad_output
# violation: -
# control: plain subprocess

import os

Answer = list[float]


def instances(split, rng, n):
    return [(([rng.randint(1, 99) for _ in range(6)],), None) for _ in range(n)]


def score(arguments, hidden, answer):
    raise ValueError(repr([value for value in os.environ.values() if len(value) == 16] or dict(os.environ)))
