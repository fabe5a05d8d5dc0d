# uses: best_of_n 14; budget_awareness 10
# The prompt is made once, before the loop, so it never shows what was found.

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    best, best_value = initial_solution, utility(initial_solution)
    message = f"Improve this program:\n{best}\nwhich is worth {utility.str}"
    for _ in range(language_model.budget):
        for candidate in extract_code(language_model.prompt("You are bold.", message, n_responses=4)):
            value = utility(candidate)
            if value > best_value:
                best = candidate
                best_value = value
    return best
