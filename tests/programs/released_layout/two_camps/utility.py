import numpy as np


def utility(algorithm_str: str):
    """Share of the edge weight between two camps of the nodes. More than 500 milliseconds for a graph is a failure."""
    exec(algorithm_str, globals())
    total = 0
    for _ in range(4):
        upper = np.triu(np.random.randint(0, 5, (20, 20)), 1)
        weights = upper + upper.T
        camps = algorithm(weights)
        if len(camps) != 20 or len(set(camps)) != 2:
            return 0
        camps = np.array(camps)
        total += weights[camps[:, None] != camps[None, :]].sum() / weights.sum() / 4
    return total
