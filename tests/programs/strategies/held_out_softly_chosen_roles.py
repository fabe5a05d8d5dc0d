# uses: bandit 15 18; iteration 16; prompt_variety 15
# Roles are drawn with weights that grow with what they gained.

import random

from helpers import extract_code

ROLES = ["You are a chess player.", "You are a physicist.", "You are a compiler."]


def improve_algorithm(initial_solution, utility, language_model):
    merit = {role: 1.0 for role in ROLES}
    best, best_value = initial_solution, utility(initial_solution)
    for _ in range(8):
        role = random.choices(ROLES, weights=[merit[name] for name in ROLES], k=1)[0]
        for code in extract_code(language_model.prompt(role, f"Improve:\n{best}", 2)):
            value = utility(code)
            merit[role] += max(0.0, value - best_value)
            if value > best_value:
                best, best_value = code, value
    return best
