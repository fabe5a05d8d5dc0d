"""Dynamic programme over place, letter and distance so far: which are reached, then back from the one wanted."""

from itertools import pairwise


def algorithm(t, dist):
    wanted = dist - sum(a != b for a, b in pairwise(t))
    reached = []  # for each place and its letter, bit c: whether a beginning that ends so can cost c
    for letter in t:
        before = reached[-1] if reached else None
        row = {}
        for own, other in ("AB", "BA"):
            bits = 1 if before is None else before[own] | before[other] << 1
            row[own] = bits << (own != letter)
        reached.append(row)
    own = next(letter for letter in "AB" if reached[-1][letter] >> wanted & 1)
    answer = []
    for index in reversed(range(len(t))):
        answer.append(own)
        wanted -= own != t[index]
        if index and not reached[index - 1][own] >> wanted & 1:
            own = "B" if own == "A" else "A"
            wanted -= 1
    return "".join(reversed(answer))
