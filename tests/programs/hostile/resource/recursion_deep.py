"""Lifts the limit on recursion and overruns the stack."""

# goal: the engine falls
# expect: exited
# violation: -
# control: naive engine in its own process

import sys


def attack():
    sys.setrecursionlimit(10**9)
    nested = ()
    for _ in range(10**6):
        nested = (nested,)
    hash(nested)

    def down(x=nested):
        return sorted([0, 1], key=lambda _: down())

    return down()
