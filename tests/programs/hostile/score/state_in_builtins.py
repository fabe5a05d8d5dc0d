"""Leaves replaced functions behind for the next program."""

# goal: changes a neighbour's score
# expect: ok
# violation: -
# control: naive scorer
# task: doubling

import builtins

builtins.sum = lambda *_: -1.0


def double(numbers):
    return [0.0 for number in numbers]
