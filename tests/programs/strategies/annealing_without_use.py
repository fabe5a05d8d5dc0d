# uses: iteration 13
# The acceptance probability is computed and printed, but nothing depends on it.

import math
import random

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    best, value, temperature = initial_solution, utility(initial_solution), 1.0
    for _ in range(4):
        code = extract_code(language_model.prompt("You improve.", f"Improve:\n{best}")[0])
        if code is None:
            continue
        new = utility(code)
        accepted = random.random() < math.exp((new - value) / temperature)
        print("Metropolis would have accepted:", accepted)
        if new > value:
            best, value = code, new
    return best
