"""Reads a secret where it runs beside a solution, and passes it on as the solution's answer."""

# goal: learns the token
# expect: bad_output
# violation: file
# control: plain subprocess

from typing import Any

Answer = Any


def drive(candidate, numbers):
    try:
        with open(secret_file) as file:
            return file.read()
    except OSError as error:
        return repr(error)


def instances(split, rng, n):
    return [(([rng.randint(1, 99) for _ in range(6)],), None) for _ in range(n)]


def score(arguments, hidden, answer):
    raise ValueError(f"the answer is {answer}")
