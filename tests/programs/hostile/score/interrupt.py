"""Raises what only a person at the keyboard should raise."""

# goal: changes a neighbour's score
# expect: raised
# violation: -
# control: naive scorer
# task: doubling


def double(numbers):
    raise KeyboardInterrupt
