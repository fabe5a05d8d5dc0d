"""Assign n facilities to n places, each to a place of its own, so that what it is worth is high.

`algorithm(F, D, P)` gets the flow F[i, j] between facilities, the distance D[a, b] between places, and the preference
P[i, a], numpy arrays (n, n) of numbers in [0, 1), and returns for each facility i its place a[i], a permutation of
0, ..., n - 1. It is worth the sum of F[i, j] * D[a[i], a[j]] over all i and j, minus half the sum of P[i, a[i]].
The score is what it is worth, divided by n * n; higher is better.

Each call has `SECONDS` of CPU time. One that takes longer scores 0 and is stopped; the other instances go on.
"""

import random
import signal
import time
from typing import Literal

import numpy as np

Answer = list[int] | Literal["late"]  # the place of each facility

SECONDS = 0.5
N_FACILITIES = 15


def instances(split: str, rng: random.Random, n: int) -> list[tuple[tuple[np.ndarray, ...], None]]:
    draws = np.random.default_rng(rng.getrandbits(128))
    return [(tuple(draws.random((3, N_FACILITIES, N_FACILITIES))), None) for _ in range(n)]


class Late(BaseException):
    """Raised in a call whose time is up."""


def stop(*_):
    raise Late


def drive(algorithm, F: np.ndarray, D: np.ndarray, P: np.ndarray) -> Answer:
    signal.signal(signal.SIGPROF, stop)
    begun = time.process_time()
    try:
        signal.setitimer(signal.ITIMER_PROF, 2 * SECONDS, SECONDS)  # a rough clock, for what does not end
        answer = np.asarray(algorithm(F, D, P)).reshape(-1).tolist()
        signal.setitimer(signal.ITIMER_PROF, 0)
    except Late:
        signal.setitimer(signal.ITIMER_PROF, 0)
        return "late"
    return answer if time.process_time() - begun <= SECONDS else "late"


def worth(F: np.ndarray, D: np.ndarray, P: np.ndarray, places: list[int]) -> float:
    return float((F * D[np.ix_(places, places)]).sum() - 0.5 * P[range(len(places)), places].sum())


def score(arguments: tuple[np.ndarray, ...], hidden: None, answer: Answer) -> float:
    F, D, P = arguments
    if answer == "late":
        return 0.0
    if sorted(answer) != list(range(len(F))):
        raise ValueError("every facility needs a place of its own")
    return worth(F, D, P, answer) / len(F) ** 2
