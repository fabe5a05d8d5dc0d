"""Learn a parity. A hidden mask selects some of 10 bits; a sample's label says whether the number of its
selected bits that are 1 is odd. No label is wrong. Predict the labels of the test samples.

`algorithm(train_samples (100, 10), train_parity (100,), test_samples (20, 10))` gets numpy arrays of 0 and 1 and
returns 20 labels. The score is the fraction that is right.
"""

import random

import numpy as np

Answer = list[float]  # 20 labels, 0 or 1

N_BITS, N_TRAIN, N_TEST = 10, 100, 20
P_SELECTED, NOISE = 0.3, 0.0


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


def drive(algorithm, train_samples: np.ndarray, train_parity: np.ndarray, test_samples: np.ndarray) -> Answer:
    return np.asarray(algorithm(train_samples, train_parity, test_samples), dtype=float).reshape(-1).tolist()


def score(arguments: tuple[np.ndarray, ...], hidden: list[int], answer: Answer) -> float:
    if len(answer) != len(hidden) or not set(answer) <= {0, 1}:
        raise ValueError("every test sample needs one label, 0 or 1")
    return sum(label == truth for label, truth in zip(answer, hidden, strict=True)) / len(hidden)
