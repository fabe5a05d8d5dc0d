import numpy as np


def algorithm(adjacency):
    """Return the part of each node, 0 or 1: the node that gains most is moved until none gains."""
    side = np.arange(len(adjacency), dtype=np.float32) % 2 * 2 - 1
    pull = adjacency @ side
    while True:
        gains = side * pull
        node = gains.argmax()
        if gains[node] <= 0:
            return side > 0
        side[node] = -side[node]
        pull += 2 * side[node] * adjacency[node]
