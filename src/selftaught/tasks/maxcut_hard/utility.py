"""Divide the nodes of a graph into two parts, so that the weight of the edges between the parts is high.

`algorithm(adjacency)` gets the weights of the edges, a symmetric numpy array (n, n) with 0 where there is none, and
returns the part of each node, 0 or 1. The score is the weight between the parts, from 0 for what `local_search` reaches
to 1 for the best known; higher is better, and less than -1 counts as -1.

Each call has `SECONDS` of CPU time. One that takes longer scores -1 and is stopped; the other instances go on.
"""

import random
import signal
import time
from typing import Literal

import numpy as np

Answer = list[float] | Literal["late"]  # the part of each node, 0 or 1

SECONDS = 0.03
N_NODES = range(500, 501)
EDGE_PROBABILITY, WEIGHTS = 0.4, range(1, 11)
BEST_OVER_HALF = 13930.0  # what the best known cut has over half of all weight, on average over graphs of this kind


def instances(split: str, rng: random.Random, n: int) -> list[tuple[tuple[np.ndarray], float]]:
    draws = np.random.default_rng(rng.getrandbits(128))
    # Sizes are spread evenly.
    sizes = [N_NODES[(2 * number + 1) * len(N_NODES) // (2 * n)] for number in range(n)]
    graphs = [random_graph(draws, size).astype(np.float32) for size in sizes]
    return [((graph,), cut_weight(graph, local_search(graph))) for graph in graphs]


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


def local_search(adjacency: np.ndarray) -> np.ndarray:
    """The parts after moving the node that gains most, again and again until none gains."""
    side = np.arange(len(adjacency), dtype=np.float32) % 2 * 2 - 1
    pull = adjacency @ side
    while True:
        gains = side * pull
        node = gains.argmax()
        if gains[node] <= 0:
            return side > 0
        side[node] = -side[node]
        pull += 2 * side[node] * adjacency[node]


def score(arguments: tuple[np.ndarray], hidden: float, answer: Answer) -> float:
    (adjacency,) = arguments
    if answer == "late":
        return -1.0
    if len(answer) != len(adjacency) or not set(answer) <= {0, 1}:
        raise ValueError("every node needs one part, 0 or 1")
    best = float(adjacency.sum(dtype=float)) / 4 + BEST_OVER_HALF  # each edge stands there twice
    return max(-1.0, (cut_weight(adjacency, answer) - hidden) / (best - hidden))
