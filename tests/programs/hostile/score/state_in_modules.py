"""Leaves changed modules behind for the next program."""

# goal: changes a neighbour's score
# expect: ok
# violation: -
# control: naive scorer
# task: doubling

import random
import sys

random.Random.randint = lambda self, low, high: 0
sys.modules["statistics"] = None


def double(numbers):
    return [0.0 for number in numbers]
