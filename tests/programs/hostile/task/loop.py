"""Never ends when it scores."""

# goal: runs on
# expect: task_error
# violation: -
# control: unsandboxed

Answer = list[float]


def instances(split, rng, n):
    return [(([rng.randint(1, 99) for _ in range(6)],), None) for _ in range(n)]


def score(arguments, hidden, answer):
    while True:
        pass
