# uses: genetic 16 23; iteration 17; population 16
# Parents are drawn by their values (roulette wheel); the weakest is replaced.

import random

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    pool = [initial_solution] + extract_code(
        language_model.prompt("You vary.", f"Vary:\n{initial_solution}", n_responses=4)
    )
    fitness = [utility(program) for program in pool]
    for _ in range(8):
        lowest = min(fitness)
        parent = random.choices(pool, weights=[value - lowest + 0.01 for value in fitness])[0]
        child = extract_code(language_model.prompt("You mutate.", f"Mutate:\n{parent}")[0])
        if child is None:
            continue
        value = utility(child)
        worst = fitness.index(lowest)
        if value > lowest:
            pool[worst], fitness[worst] = child, value
    return pool[fitness.index(max(fitness))]
