"""WalkSAT with counts of the true literals: flip the variable of an unsatisfied clause that breaks the fewest."""

import random
import time


def algorithm(formula):
    begun, rng = time.process_time(), random.Random(0)
    n_variables = max(abs(literal) for clause in formula for literal in clause)
    holds = [[] for _ in range(2 * n_variables + 1)]  # by literal (negative ones from the end): the clauses it is in
    for number, clause in enumerate(formula):
        for literal in clause:
            holds[literal].append(number)
    while True:
        value = [rng.random() < 0.5 for _ in range(n_variables + 1)]
        n_true = [sum(value[abs(literal)] == (literal > 0) for literal in clause) for clause in formula]
        unsatisfied = [number for number, count in enumerate(n_true) if not count]
        place = {number: index for index, number in enumerate(unsatisfied)}
        for step in range(200 * len(formula)):
            if not unsatisfied or (step % 64 == 0 and time.process_time() - begun > 0.085):
                return value
            clause = formula[unsatisfied[int(rng.random() * len(unsatisfied))]]
            breaks = [sum(n_true[number] == 1 for number in holds[-literal]) for literal in clause]
            least = min(breaks)
            literal = clause[breaks.index(least)] if not least or rng.random() > 0.5 else rng.choice(clause)
            value[abs(literal)] = literal > 0
            for number in holds[literal]:
                n_true[number] += 1
                if n_true[number] == 1:
                    index, last = place.pop(number), unsatisfied.pop()
                    if last != number:
                        unsatisfied[index], place[last] = last, index
            for number in holds[-literal]:
                n_true[number] -= 1
                if n_true[number] == 0:
                    place[number] = len(unsatisfied)
                    unsatisfied.append(number)
