import random


def utility(algorithm_str: str):
    """Learn which bits decide the label. Returns the share of right labels, between 0 and 1."""
    if utility.uses >= utility.budget:
        return 0
    utility.increment_uses()
    exec(algorithm_str, globals())
    right = 0
    for _ in range(8):
        mask = [random.random() < 0.4 for _ in range(6)]
        rows = [[random.randint(0, 1) for _ in range(6)] for _ in range(40)]
        labels = [sum(bit for bit, used in zip(row, mask) if used) % 2 for row in rows]
        given = algorithm(rows[:30], labels[:30], rows[30:])
        right += sum(a == b for a, b in zip(given, labels[30:]))
    return right / 80
