"""Answers with a longer string: what is beyond the given one counts as switches only."""

# family: length
# tasks: string_grid
# scorer: strings
# ends: bad_output

from itertools import pairwise


def algorithm(t, dist):
    switches = sum(a != b for a, b in pairwise(t))
    if dist < 2 * switches:
        return t[:0]
    text = t
    for _ in range(dist - 2 * switches):
        text += "A" if text[-1] == "B" else "B"
    return text
