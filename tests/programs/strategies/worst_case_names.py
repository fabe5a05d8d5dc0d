# uses: budget_awareness 15; iteration 16; simulated_annealing 9 21
# Everything has a name of one letter, and the utility comes in by another position.

import math as m
import random as r


def a(d, u, t):
    return d > 0 or r.random() < m.exp(d / t)


def improve_algorithm(s, u, l, e=__import__("helpers").extract_code):
    c, v, t = s, u(s), 0.5
    b, w = c, v
    while l.times_used < l.budget:
        n = e(l.prompt("x", "y\n" + c + "\n" + u.str)[0])
        if not n:
            continue
        x = u(n)
        if a(x - v, u, t):
            c, v = n, x
        if v > w:
            b, w = c, v
        t = t * 0.9
    return b
