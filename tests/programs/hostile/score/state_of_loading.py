"""Leaves an interpreter behind that runs no other program."""

# goal: changes a neighbour's score
# expect: ok
# violation: -
# control: naive scorer
# task: doubling

import builtins

builtins.compile = builtins.exec = lambda *arguments, **more: None


def double(numbers):
    return [0.0 for number in numbers]
