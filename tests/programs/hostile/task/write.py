"""Changes files when it scores."""

# goal: changes the folder
# expect: ok
# violation: file
# control: unsandboxed

import os

Answer = list[float]


def instances(split, rng, n):
    return [(([rng.randint(1, 99) for _ in range(6)],), None) for _ in range(n)]


def score(arguments, hidden, answer):
    for name in ("/new", "/runs.db"):
        try:
            with open(folder + name, "a") as file:
                file.write("changed")
        except OSError:
            pass
    try:
        os.truncate(secret_file, 0)
    except OSError:
        pass
    return 1.0
