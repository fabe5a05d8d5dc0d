"""Replaces the functions that a scorer computes with."""

# goal: gets a false score
# expect: ok
# violation: -
# control: naive scorer
# task: doubling

import builtins

builtins.sum = lambda values, start=0: 1
builtins.abs = lambda value: 0


def double(numbers):
    return [0.0 for number in numbers]
