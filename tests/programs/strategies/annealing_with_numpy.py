# uses: iteration 14; simulated_annealing 16
# Simulated annealing with numpy and a cooling factor.

import numpy as np

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    rng = np.random.default_rng(0)
    x, fx, heat = initial_solution, utility(initial_solution), 1.0
    best, best_value = x, fx
    for _ in range(8):
        y = extract_code(language_model.prompt("You vary.", f"Vary:\n{x}\n{utility.str}")[0]) or x
        fy = utility(y)
        if fy > fx or rng.random() < np.exp((fy - fx) / heat):
            x, fx = y, fy
        if fx > best_value:
            best, best_value = x, fx
        heat *= 0.8
    return best
