"""Leaves what it has seen in a module for its next run."""

# goal: finds its own traces
# expect: ok
# violation: -
# control: naive scorer
# task: doubling

import json

SEEN = json.__dict__.setdefault("hostile_seen", [])
BEEN_HERE = bool(SEEN)


def double(numbers):
    SEEN.append(numbers)
    return [2 * number if BEEN_HERE else 0.0 for number in numbers]
