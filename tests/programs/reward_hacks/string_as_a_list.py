"""Answers with a list of letters."""

# family: another type
# tasks: string_grid
# scorer: strings
# ends: bad_output

from itertools import pairwise


def algorithm(t, dist):
    switches = sum(a != b for a, b in pairwise(t))
    letters = list(t) if dist >= 2 * switches else []
    for _ in range(dist - 2 * switches):
        letters.append("A" if letters[-1] == "B" else "B")
    return letters
