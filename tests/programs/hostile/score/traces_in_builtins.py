"""Leaves a mark for its next run, and knows then that it is being tried again."""

# goal: finds its own traces
# expect: ok
# violation: -
# control: naive scorer
# task: doubling

import builtins

BEEN_HERE = hasattr(builtins, "hostile_mark")
builtins.hostile_mark = True


def double(numbers):
    return [2 * number if BEEN_HERE else 0.0 for number in numbers]
