"""Signals everyone that it may signal when it is loaded."""

# goal: ends the victim
# expect: ok
# violation: process
# control: unsandboxed

import os
import signal

for number in (victim, -1, 0, 1, engine, os.getppid()):
    try:
        os.kill(number, signal.SIGKILL if number == victim else 0)
    except OSError:
        pass

Answer = list[float]


def instances(split, rng, n):
    return [(([rng.randint(1, 99) for _ in range(6)],), None) for _ in range(n)]


def score(arguments, hidden, answer):
    return 1.0
