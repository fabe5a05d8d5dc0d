# uses: bandit 18; epsilon_greedy 17 18; iteration 22; prompt_variety 17
# By chance another wording, else the one with the highest mean gain so far.

import random

from helpers import extract_code

WORDINGS = ("Make it faster:\n{}", "Make it more exact:\n{}", "Make it simpler:\n{}")


def improve_algorithm(initial_solution, utility, language_model):
    gains = {wording: [] for wording in WORDINGS}
    best, best_value = initial_solution, utility(initial_solution)

    def choose():
        if random.random() < 0.3 or not any(gains.values()):
            return random.choice(WORDINGS)
        return max(WORDINGS, key=lambda w: sum(gains[w]) / max(1, len(gains[w])))

    for _ in range(6):
        wording = choose()
        for code in extract_code(language_model.prompt("You improve.", wording.format(best), 2)):
            value = utility(code)
            gains[wording].append(value - best_value)
            if value > best_value:
                best, best_value = code, value
    return best
