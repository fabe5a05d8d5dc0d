"""Divide the nodes of a graph into two parts, so that the weight of the edges between the parts is high.

`algorithm(adjacency)` gets the weights of the edges, a symmetric numpy array (n, n) with 0 where there is none, and
returns the part of each node, 0 or 1. The score is the weight between the parts, as a fraction of the weight of all
edges; higher is better.

Each call has `SECONDS` of CPU time. One that takes longer scores 0 and is stopped; the other instances go on.
"""

import random
import signal
import time
from typing import Literal

import numpy as np

Answer = list[float] | Literal["late"]  # the part of each node, 0 or 1

SECONDS = 0.1
N_NODES = range(50, 201)
EDGE_PROBABILITY, WEIGHTS = 0.4, range(1, 11)


def instances(split: str, rng: random.Random, n: int) -> list[tuple[tuple[np.ndarray], None]]:
    draws = np.random.default_rng(rng.getrandbits(128))
    # Sizes are spread evenly.
    sizes = [N_NODES[(2 * number + 1) * len(N_NODES) // (2 * n)] for number in range(n)]
    return [((random_graph(draws, size),), None) for size in sizes]


def random_graph(draws: np.random.Generator, size: int) -> np.ndarray:
    is_edge = np.triu(draws.random((size, size)) < EDGE_PROBABILITY, 1)
    upper = is_edge * draws.integers(WEIGHTS.start, WEIGHTS.stop, (size, size))
    return upper + upper.T


class Late(BaseException):
    """Raised in a call whose time is up."""


def stop(*_):
    raise Late


def drive(algorithm, adjacency: np.ndarray) -> Answer:
    signal.signal(signal.SIGPROF, stop)
    begun = time.process_time()
    try:
        signal.setitimer(signal.ITIMER_PROF, 2 * SECONDS, SECONDS)  # a rough clock, for what does not end
        answer = np.asarray(algorithm(adjacency), dtype=float).reshape(-1).tolist()
        signal.setitimer(signal.ITIMER_PROF, 0)
    except Late:
        signal.setitimer(signal.ITIMER_PROF, 0)
        return "late"
    return answer if time.process_time() - begun <= SECONDS else "late"


def cut_weight(adjacency: np.ndarray, parts: list[float]) -> float:
    part = np.array(parts, dtype=float)
    return float(part @ adjacency @ (1 - part))


def score(arguments: tuple[np.ndarray], hidden: None, answer: Answer) -> float:
    (adjacency,) = arguments
    if answer == "late":
        return 0.0
    if len(answer) != len(adjacency) or not set(answer) <= {0, 1}:
        raise ValueError("every node needs one part, 0 or 1")
    return cut_weight(adjacency, answer) / float(adjacency.sum() / 2)
