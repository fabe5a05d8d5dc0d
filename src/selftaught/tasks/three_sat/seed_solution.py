import random
from itertools import chain


def algorithm(formula):
    """Return a value for each variable (index 0 is not used), or None: a random walk of 1,000 steps from all false."""
    variables = range(1 + max(map(abs, chain(*formula))))
    holding = {-variable for variable in variables[1:]}  # the literals that are true
    for _ in range(1000):
        broken = [clause for clause in formula if holding.isdisjoint(clause)]
        if not broken:
            return [variable in holding for variable in variables]
        clause = random.choice(broken)
        literal = random.choice(clause) if random.random() < 0.4 else clause[0]
        holding.remove(-literal)
        holding.add(literal)
    return None
