# uses: bandit 18; epsilon_greedy 15; iteration 19; temperature_variation 19
# Each temperature keeps its mean reward; mostly the best one is used, by chance another.

import random

from helpers import extract_code

HEATS = (0.2, 0.6, 1.0)


def improve_algorithm(initial_solution, utility, language_model):
    wins, tries = {heat: 0.0 for heat in HEATS}, {heat: 1 for heat in HEATS}
    best, best_value = initial_solution, utility(initial_solution)
    for _ in range(10):
        if random.random() < 0.2:
            heat = random.choice(HEATS)
        else:
            heat = max(HEATS, key=lambda h: wins[h] / tries[h])
        answers = language_model.prompt("You improve.", f"Improve:\n{best}", 1, heat)
        tries[heat] += 1
        for code in extract_code(answers):
            value = utility(code)
            if value > best_value:
                best, best_value = code, value
                wins[heat] += 1
    return best
