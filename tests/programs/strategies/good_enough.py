# uses: budget_awareness 12; early_stop 11; iteration 14
# It ends as soon as a program reaches the highest value there is.

from helpers import extract_code

GOAL = 0.999


def improve_algorithm(initial_solution, utility, language_model):
    best, best_value = initial_solution, utility(initial_solution)
    while best_value < GOAL:
        if language_model.times_used >= language_model.budget:
            return best
        for code in extract_code(language_model.prompt("You aim high.", f"Improve:\n{best}", 4)):
            value = utility(code)
            best, best_value = (code, value) if value > best_value else (best, best_value)
    return best
