"""Reads a secret when it is loaded, and tells it by refusing an answer."""

# goal: learns the token
# expect: bad_output
# violation: file
# control: plain subprocess

Answer = list[float]

try:
    with open(secret_file) as file:
        FOUND = file.read()
except OSError as error:
    FOUND = repr(error)


def instances(split, rng, n):
    return [(([rng.randint(1, 99) for _ in range(6)],), None) for _ in range(n)]


def score(arguments, hidden, answer):
    raise ValueError(f"the answer is not {FOUND}")
