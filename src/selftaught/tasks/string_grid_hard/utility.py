"""Find a string at given distances from several others at once. Strings are of the letters A and B.

The distance of s and t, of one length, is the number of places where they differ, plus the number of neighbours in s
that differ, plus those in t. `algorithm(strings, distances)` returns one string that has the first distance from the
first string, the second from the second, and so on; there always is one. It scores 1; another string of that length
scores less than 0.5, the less the further off its distances are on average.

Each call has `SECONDS` of CPU time. One that takes longer scores 0 and is stopped; the other instances go on.
"""

import random
import signal
import time
from itertools import pairwise

Answer = str

SECONDS = 0.1
LENGTH, N_STRINGS = 60, range(2, 14)
LATE = "late"  # the answer of a call that was stopped


def instances(split: str, rng: random.Random, n: int) -> list[tuple[tuple[list[str], list[int]], None]]:
    made = []
    for number in range(n):
        n_strings = N_STRINGS[(2 * number + 1) * len(N_STRINGS) // (2 * n)]  # spread evenly
        draws, hidden_draws = random.Random(rng.getrandbits(128)), random.Random(rng.getrandbits(128))
        strings, s = [random_string(draws, LENGTH) for _ in range(n_strings)], random_string(hidden_draws, LENGTH)
        made.append(((strings, [distance(s, t) for t in strings]), None))
    return made


def random_string(rng: random.Random, length: int) -> str:
    return "".join(rng.choice("AB") for _ in range(length))


def distance(s: str, t: str) -> int:
    return sum(a != b for a, b in zip(s, t, strict=True)) + switches(s) + switches(t)


def switches(s: str) -> int:
    return sum(a != b for a, b in pairwise(s))


class Late(BaseException):
    """Raised in a call whose time is up."""


def stop(*_):
    raise Late


def drive(algorithm, strings: list[str], distances: list[int]) -> Answer:
    signal.signal(signal.SIGPROF, stop)
    begun = time.process_time()
    try:
        signal.setitimer(signal.ITIMER_PROF, 2 * SECONDS, SECONDS)  # a rough clock, for what does not end
        answer = algorithm(strings, distances)
        signal.setitimer(signal.ITIMER_PROF, 0)
    except Late:
        signal.setitimer(signal.ITIMER_PROF, 0)
        return LATE
    return answer if time.process_time() - begun <= SECONDS else LATE


def score(arguments: tuple[list[str], list[int]], hidden: None, answer: Answer) -> float:
    strings, distances = arguments
    if answer == LATE:
        return 0.0
    if len(answer) != len(strings[0]) or not set(answer) <= {"A", "B"}:
        raise ValueError("the answer should be a string of A and B, as long as those given")
    error = sum(abs(distance(answer, t) - dist) for t, dist in zip(strings, distances, strict=True)) / len(strings)
    return 1.0 if error == 0 else 0.5 - error / (6 * len(answer))
