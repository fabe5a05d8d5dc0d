# uses: bandit 15 16; budget_awareness 14; iteration 19; prompt_variety 17
# Hints are chosen by a draw from what is believed of each (Thompson sampling).

import random

from helpers import extract_code

HINTS = ["Think of data structures.", "Think of the mathematics.", "Think of the worst case."]


def improve_algorithm(initial_solution, utility, language_model):
    wins, losses = [1] * len(HINTS), [1] * len(HINTS)
    best, best_value = initial_solution, utility(initial_solution)
    while language_model.times_used < language_model.budget:
        draws = [random.betavariate(w, l) for w, l in zip(wins, losses)]
        choice = draws.index(max(draws))
        question = f"{HINTS[choice]}\n{best}"
        gained = False
        for code in extract_code(language_model.prompt("You are open to advice.", question, 2)):
            value = utility(code)
            if value > best_value:
                best, best_value, gained = code, value, True
        if gained:
            wins[choice] += 1
        else:
            losses[choice] += 1
    return best
