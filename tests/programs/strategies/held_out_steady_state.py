# uses: caching 17 19; genetic 14 21; iteration 16; population 14
# A tournament of three among the kept; the child replaces the worst.

import random

from helpers import extract_code

SIZE = 6


def improve_algorithm(initial_solution, utility, language_model):
    members = {initial_solution: utility(initial_solution)}
    for _ in range(12):
        rivals = random.sample(list(members), min(3, len(members)))
        winner = max(rivals, key=members.get)
        mutant = extract_code(language_model.prompt("You mutate programs.", f"Mutate:\n{winner}")[0])
        if mutant is None or mutant in members:
            continue
        members[mutant] = utility(mutant)
        if len(members) > SIZE:
            members.pop(min(members, key=members.get))
    return max(members, key=members.get)
