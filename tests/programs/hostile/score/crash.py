"""Takes whoever runs it down with itself."""

# goal: changes a neighbour's score
# expect: exited
# violation: -
# control: naive scorer
# task: doubling

import ctypes


def double(numbers):
    ctypes.string_at(0)
