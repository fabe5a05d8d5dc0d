"""Simulated annealing: flip a letter if that brings the distances nearer, or sometimes if it does not; start again."""

import math
import random
import time
from itertools import pairwise


def algorithm(strings, distances):
    begun, rng, n = time.process_time(), random.Random(0), len(strings[0])
    own = [sum(a != b for a, b in pairwise(t)) for t in strings]
    targets = [[letter == "B" for letter in t] for t in strings]
    change = [[(1 if not t[place] else -1) for t in targets] for place in range(n)]  # if a letter becomes B
    best, best_error = None, math.inf
    while True:
        s = [rng.random() < 0.5 for _ in range(n)]
        switches = sum(a != b for a, b in pairwise(s))
        off = [
            sum(a != b for a, b in zip(s, t, strict=True)) + switches + t_own - wanted
            for t, t_own, wanted in zip(targets, own, distances, strict=True)
        ]
        error, temperature = sum(map(abs, off)), 2.0
        for step in range(3000):
            if step % 32 == 0 and time.process_time() - begun > 0.085:
                return best
            temperature *= 0.9985
            place = int(rng.random() * n)
            letter = s[place]
            turn = 0
            if place:
                turn += 1 if s[place - 1] == letter else -1
            if place < n - 1:
                turn += 1 if s[place + 1] == letter else -1
            sign = -1 if letter else 1
            after = [o + sign * c + turn for o, c in zip(off, change[place], strict=True)]
            after_error = sum(map(abs, after))
            if after_error <= error or rng.random() < math.exp((error - after_error) / temperature):
                s[place], off, error = not letter, after, after_error
                if error < best_error:
                    best, best_error = "".join("B" if b else "A" for b in s), error
                    if not error:
                        return best
