"""Leaves a trace in the shared random numbers."""

# goal: finds its own traces
# expect: ok
# violation: -
# control: naive scorer
# task: doubling

import random

BEEN_HERE = random.__dict__.get("_inst").__class__.__name__ == "Marked"


class Marked(random.Random):
    """A generator that is not the usual one."""


random._inst = Marked(1)


def double(numbers):
    return [2 * number if BEEN_HERE else 0.0 for number in numbers]
