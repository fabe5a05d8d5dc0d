"""The rules that dispatch compares with. The model does not see this file: it would only have to copy."""

import math


def shortest_first(p, d, w, now, mean):
    """Scores 0."""
    return -p


def atc(p, d, w, now, mean):
    """Apparent tardiness cost, k = 2: scores 1, and can be beaten."""
    return w / p * math.exp(-max(0, d - p - now) / (2 * mean))
