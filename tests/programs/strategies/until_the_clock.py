# uses: budget_awareness 13; feedback 16 17; iteration 17; population 16
# A deadline ends it, and the best three programs stand in one prompt.

import time

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    deadline = time.monotonic() + 30
    ranked = [(utility(initial_solution), initial_solution)]
    for _ in range(10):
        if time.monotonic() > deadline:
            break
        ranked.sort(reverse=True)
        shown = "\n\n".join(f"worth {value:.2f}:\n{code}" for value, code in ranked[:3])
        for code in extract_code(language_model.prompt("You learn.", f"Better than these:\n{shown}", 2)):
            ranked.append((utility(code), code))
    return max(ranked)[1]
