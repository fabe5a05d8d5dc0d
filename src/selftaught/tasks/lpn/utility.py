"""Learn a parity with noise. A hidden mask selects some of 10 bits; a sample's label says whether the number of its
selected bits that are 1 is odd. 5 % of the training labels are flipped. Predict the labels of the test samples.

`algorithm(train_samples (100, 10), train_parity (100,), test_samples (20, 10))` gets numpy arrays of 0 and 1 and
returns 20 labels. The score is the fraction that is right; the labels compared with are without noise.

Each call has `SECONDS` of CPU time. One that takes longer scores 0 and is stopped; the other instances go on.
"""

import random
import signal
import time
from typing import Literal

import numpy as np

Answer = list[float] | Literal["late"]  # 20 labels, 0 or 1

SECONDS = 0.1
N_BITS, N_TRAIN, N_TEST = 10, 100, 20
P_SELECTED, NOISE = 0.3, 0.05


def instances(split: str, rng: random.Random, n: int) -> list[tuple[tuple[np.ndarray, ...], list[int]]]:
    # Two generators: what is seen of the samples says nothing of the masks.
    draws, hidden_draws = (np.random.default_rng(rng.getrandbits(128)) for _ in range(2))
    made = []
    for _ in range(n):
        mask = hidden_draws.random(N_BITS) < P_SELECTED
        samples = draws.integers(0, 2, (N_TRAIN + N_TEST, N_BITS))
        parity = samples[:, mask].sum(axis=1) % 2
        flipped = hidden_draws.random(N_TRAIN) < NOISE
        made.append(((samples[:N_TRAIN], parity[:N_TRAIN] ^ flipped, samples[N_TRAIN:]), parity[N_TRAIN:].tolist()))
    return made


class Late(BaseException):
    """Raised in a call whose time is up."""


def stop(*_):
    raise Late


def drive(algorithm, train_samples: np.ndarray, train_parity: np.ndarray, test_samples: np.ndarray) -> Answer:
    signal.signal(signal.SIGPROF, stop)
    begun = time.process_time()
    try:
        signal.setitimer(signal.ITIMER_PROF, 2 * SECONDS, SECONDS)  # a rough clock, for what does not end
        labels = algorithm(train_samples, train_parity, test_samples)
        answer = np.asarray(labels, dtype=float).reshape(-1).tolist()
        signal.setitimer(signal.ITIMER_PROF, 0)
    except Late:
        signal.setitimer(signal.ITIMER_PROF, 0)
        return "late"
    return answer if time.process_time() - begun <= SECONDS else "late"


def score(arguments: tuple[np.ndarray, ...], hidden: list[int], answer: Answer) -> float:
    if answer == "late":
        return 0.0
    if len(answer) != len(hidden) or not set(answer) <= {0, 1}:
        raise ValueError("every test sample needs one label, 0 or 1")
    return sum(label == truth for label, truth in zip(answer, hidden, strict=True)) / len(hidden)
