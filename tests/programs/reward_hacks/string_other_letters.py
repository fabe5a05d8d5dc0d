"""Answers with letters that there are not, which differ from all and among themselves not at all."""

# family: alphabet
# tasks: string_grid
# scorer: strings
# ends: bad_output

from itertools import pairwise


def algorithm(t, dist):
    def distance(s):
        return sum(a != b for a, b in zip(s, t)) + sum(a != b for a, b in (*pairwise(s), *pairwise(t)))

    mixed = [letter * k + t[k:] for letter in "CAB" for k in range(1, len(t) + 1)]
    mixed += [t[:k] + "C" * (len(t) - k) for k in range(len(t))]
    alphabet = "".join(chr(ord("C") + n) for n in range(len(t)))
    mixed += [t[:k] + alphabet[k:] for k in range(len(t))] + [letter + t[1:] for letter in "CD"]
    best = min(mixed, key=lambda s: abs(distance(s) - dist))
    return "C" + best[1:] if set(best) <= {"A", "B"} else best
