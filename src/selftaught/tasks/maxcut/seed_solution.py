import numpy as np


def algorithm(adjacency):
    """Return the part of each node, 0 or 1: one after the other, each where it cuts most, the heaviest cut first."""
    parts = np.full(len(adjacency), -1)
    cut = np.zeros((len(adjacency), 2))  # the weight that each node would cut in each part
    for _ in range(len(adjacency)):
        node, part = divmod(int(np.where(parts[:, None] < 0, cut, -1).argmax()), 2)
        parts[node] = part
        cut[:, 1 - part] += adjacency[node]
    return parts
