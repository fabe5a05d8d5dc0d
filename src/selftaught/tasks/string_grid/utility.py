"""Find a string at a given distance from another. Strings are of the letters A and B.

The distance of s and t, of one length, is the number of places where they differ, plus the number of neighbours in s
that differ, plus those in t. `algorithm(t, dist)` returns a string of the length of t at the distance `dist`; there
always is one. It scores 1; another string of that length scores less than 0.5, the less the further off it is.

Each call has `SECONDS` of CPU time. One that takes longer scores 0 and is stopped; the other instances go on.
"""

import random
import signal
import time
from itertools import pairwise

Answer = str

SECONDS = 0.1
LENGTHS = range(1, 31)
LATE = "late"  # the answer of a call that was stopped


def instances(split: str, rng: random.Random, n: int) -> list[tuple[tuple[str, int], None]]:
    made = []
    for number in range(n):
        length = LENGTHS[(2 * number + 1) * len(LENGTHS) // (2 * n)]  # spread evenly
        draws, hidden_draws = random.Random(rng.getrandbits(128)), random.Random(rng.getrandbits(128))
        t, s = random_string(draws, length), random_string(hidden_draws, length)
        made.append(((t, distance(s, t)), None))
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


def drive(algorithm, t: str, dist: int) -> Answer:
    signal.signal(signal.SIGPROF, stop)
    begun = time.process_time()
    try:
        signal.setitimer(signal.ITIMER_PROF, 2 * SECONDS, SECONDS)  # a rough clock, for what does not end
        answer = algorithm(t, dist)
        signal.setitimer(signal.ITIMER_PROF, 0)
    except Late:
        signal.setitimer(signal.ITIMER_PROF, 0)
        return LATE
    return answer if time.process_time() - begun <= SECONDS else LATE


def score(arguments: tuple[str, int], hidden: None, answer: Answer) -> float:
    t, dist = arguments
    if answer == LATE:
        return 0.0
    if len(answer) != len(t) or not set(answer) <= {"A", "B"}:
        raise ValueError("the answer should be a string of A and B, as long as the one given")
    error = abs(distance(answer, t) - dist)
    return 1.0 if error == 0 else 0.5 - error / (6 * len(t))
