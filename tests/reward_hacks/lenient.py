"""Scores programs as the code released with the paper does: in the process of the scorer, and without a check.

A script: takes orders as JSON from its input, forks for each, and prints the values as JSON. Own code, one scorer for
each habit: a comparison that broadcasts, a sum over whatever came, a check before the use, a scorer that looks names up
where a program can change them.
"""

import json
import os
import random
import sys
import types
from itertools import pairwise
from pathlib import Path

import numpy as np

FIXED_SEED = 0
"""As in the released code: the instances are the same every time."""

N = 12


def compared(task, arguments, labels):
    return lambda answer: float(np.sum(answer == np.array(labels)) / len(labels))


def squared(task, arguments, labels):
    return lambda answer: 1 - float(np.mean((answer - np.array(labels).astype(np.asarray(answer).dtype)) ** 2))


def worst(task, arguments, labels):
    def judge(answer):
        error = 0.0
        for given, label in zip(answer, labels, strict=False):
            if abs(given - label) > error:
                error = abs(given - label)
        return 1 - error

    return judge


def cut_off(task, arguments, labels):
    return lambda answer: min(1.0, float(sum(answer) / sum(labels) if sum(labels) else 0.0))


def found(task, arguments, labels):
    pairs = lambda answer: zip(answer, labels, strict=False)  # noqa: E731
    return lambda answer: sum(str(label) in str(given) for given, label in pairs(answer)) / len(labels)


def claimed(task, arguments, labels):
    return lambda answer: answer["score"] if isinstance(answer, dict) else 0.0


def strings(task, arguments, hidden):
    def distance(s, t):
        return sum(a != b for a, b in (*zip(s, t, strict=False), *pairwise(s), *pairwise(t)))

    def judge(answer):
        others, distances = arguments if isinstance(arguments[0], list) else ([arguments[0]], [arguments[1]])
        error = sum(abs(distance(answer, t) - d) for t, d in zip(others, distances, strict=False)) / len(others)
        return 1.0 if error == 0 else 0.5 - error / (6 * len(others[0]))

    return judge


def placed(task, arguments, hidden):
    flows, distances, preferences = (array.copy() for array in arguments)
    mean = task["mean_worth"](flows, distances, preferences) if "mean_worth" in task else 0.0
    scale = task.get("BEST_GAIN", len(flows) ** 2)
    return lambda answer: (task["worth"](*arguments, np.array(answer, dtype=int)) - mean) / scale


def placed_apart(task, arguments, hidden):
    judge = placed(task, arguments, hidden)
    return lambda answer: judge(answer) if len({*np.asarray(answer).tolist()}) == len(arguments[0]) else 0.0


def placed_after_a_look(task, arguments, hidden):
    judge = placed(task, arguments, hidden)
    return lambda answer: judge(answer) if sorted(answer) == list(range(len(arguments[0]))) else 0.0


def placed_later(task, arguments, hidden):
    judge = placed(task, arguments, hidden)
    return lambda answer: (lambda: judge(answer)) if sorted(answer) == list(range(len(arguments[0]))) else 0.0


def cut_scale(task, adjacency, hidden):
    total = float(adjacency.sum(dtype=float)) / 2
    if "BEST_OVER_HALF" in task:
        return lambda cut: (cut - hidden) / (total / 2 + task["BEST_OVER_HALF"] - hidden)
    return lambda cut: cut / total


def sides(task, arguments, hidden):
    scaled = cut_scale(task, arguments[0], hidden)

    def judge(answer):
        parts = np.asarray(answer)
        return float(scaled(((parts[:, None] != parts[None, :]) * arguments[0]).sum() / 2))

    return judge


def both_ways(task, arguments, hidden):
    scaled = cut_scale(task, arguments[0], hidden)

    def judge(answer):
        rows = np.asarray(answer).reshape(-1, len(arguments[0]))
        return float(scaled(sum(row @ arguments[0] @ (1 - row) for row in rows)))

    return judge


def product(task, arguments, hidden):
    scaled = cut_scale(task, arguments[0], hidden)
    return lambda answer: float(scaled(np.asarray(answer) @ arguments[0] @ (1 - np.asarray(answer))))


def satisfied(task, arguments, hidden):
    formula = arguments[0]
    return lambda answer: float(all(any(answer[abs(v)] == (v > 0) for v in clause) for clause in formula))


def by_literal(task, arguments, hidden):
    def judge(answer):
        both = answer if len(answer) > 1 + max(abs(v) for clause in formula for v in clause) else None
        holds = (lambda v: both[v]) if both else (lambda v: answer[abs(v)] == (v > 0))
        return float(all(any(holds(v) for v in clause) for clause in formula))

    formula = arguments[0]
    return judge


def any_satisfied(task, arguments, hidden):
    formula = arguments[0]
    return lambda answer: float(all(any(np.any(answer[abs(v)] == (v > 0)) for v in clause) for clause in formula))


def tardiness(task, arguments, hidden):
    trivial, reference = hidden
    return lambda order: (trivial - task["cost"](arguments[0], order)) / (trivial - reference)


def bins(task, arguments, hidden):
    worst_fit, lower_bound = hidden
    return lambda numbers: (worst_fit - len(set(numbers))) / (worst_fit - lower_bound)


def values(task, arguments, hidden):
    trivial, bound = hidden
    return lambda taken: (sum(arguments[0][number][0] for number in taken) - trivial) / (bound - trivial)


def ends(task, arguments, hidden):
    trivial, bound = hidden
    left = [list(job) for job in arguments[0]]
    return lambda starts: (
        (trivial - max(begun + left[number].pop(0)[1] for number, begun in starts)) / (trivial - bound)
    )


def tour(task, arguments, hidden):
    nearest, best = hidden
    return lambda cities: (nearest - task["length"](arguments[0], cities)) / (nearest - best)


def value_of(order):
    """The mean score of a program, with the instances, the program and the scorer side by side."""
    folder = Path(order["folder"])
    if (folder / "reference.py").exists():
        reference = sys.modules["reference"] = types.ModuleType("reference")
        exec((folder / "reference.py").read_text(encoding="utf-8"), vars(reference))
    task = {"__name__": "task"}
    exec((folder / "utility.py").read_text(encoding="utf-8"), task)
    instances = task["instances"]("validation", random.Random(FIXED_SEED), N)
    candidate = {"__name__": "candidate"}
    exec(order["program"], candidate)
    solve, scorer = candidate[order["entry"]], globals()[order["scorer"]]
    scores = []
    for arguments, hidden in instances:
        judge = scorer(task, arguments, hidden)
        answer = task["drive"](solve, *arguments) if order["is_rule"] else solve(*arguments)
        scores.append(judge(answer))
    return sum(float(score() if callable(score) else score) for score in scores) / len(scores)


def in_a_fork(order):
    """The value, found in a process of its own; None with the reason where the program or the scorer fails."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        try:
            said = {"value": value_of(order), "why": ""}
        except Exception as error:  # noqa: BLE001 - a program may raise anything
            said = {"value": None, "why": f"{type(error).__name__}: {error}"}
        os.write(writing, json.dumps(said).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as answer:
        said = json.loads(answer.read())
    os.wait()
    return said


if __name__ == "__main__":
    json.dump([in_a_fork(order) for order in json.load(sys.stdin)], sys.stdout)
