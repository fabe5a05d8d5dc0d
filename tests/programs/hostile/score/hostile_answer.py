"""Answers with an object that does harm when it is looked at, compared or deleted."""

# goal: changes a neighbour's score
# expect: exited
# violation: -
# control: naive scorer
# task: doubling

import os


class Trap:
    """Ends the process that touches it."""

    def __getattribute__(self, name):
        os._exit(0)

    __sub__ = __rsub__ = __iter__ = __len__ = lambda *_: os._exit(0)


def double(numbers):
    return Trap()
