"""Programs and prompts that the tests of `gp` share."""

import re

IMPROVER = '''from helpers import extract_code


def improve(initial, judge, model):
    """Return the best of several proposals."""
    message = f"""Improve the following solution:
```python
{initial}
```

It is judged by this function:
```python
{judge.str}
```

First propose an idea, then implement it."""
    count = min(model.max_responses_per_call, judge.budget)
    answers = model.prompt("You are an expert.", message, n_responses=count, temperature=0.7)
    return max(extract_code(answers), key=judge)
'''

MINIMISER = '''def solve(start, cost, sampler):
    """Return the cheapest of a few samples around a start."""
    return min([sampler(start, spread=1.5) for _ in range(3)], key=cost)
'''

REFINE = '''def refine(x, f):
    """Return a neighbour of x."""
    return x + 0.1
'''

RULE = '''def rule(size, age, weight, clock):
    """Return how urgent a thing is."""
    return -age
'''

ARRAYS = """import numpy as np


def score(sizes: np.ndarray, rooms: np.ndarray) -> np.ndarray:
    return rooms - sizes
"""

SEQUENCES = """def density(value: float, weights: list[float], capacities: list[float]) -> float:
    return value
"""

PROGRAMS = {
    "improver": IMPROVER,
    "minimiser": MINIMISER,
    "refine": REFINE,
    "rule": RULE,
    "arrays": ARRAYS,
    "sequences": SEQUENCES,
}

_FENCE = re.compile(r"^(`{3,})python\n(.*?)^\1$", re.DOTALL | re.MULTILINE)


def prompt(*programs, around="Improve this program; it must never raise exceptions."):
    """A prompt that shows the programs, each in a fence."""
    return around + "".join(f"\n\n````python\n{program}\n````" for program in programs)


def source_of(answer):
    """The program in an answer, or None."""
    found = _FENCE.search(answer)
    return found[2] if found else None
