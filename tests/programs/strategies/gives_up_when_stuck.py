# uses: budget_awareness 9; early_stop 17; iteration 11
# It ends after three calls that gained nothing, though calls are left.

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    best, best_value, in_vain = initial_solution, utility(initial_solution), 0
    for _ in range(language_model.budget):
        improved = False
        for code in extract_code(language_model.prompt("You improve.", f"Improve:\n{best}", n_responses=3)):
            value = utility(code)
            if value > best_value:
                best, best_value, improved = code, value, True
        in_vain = 0 if improved else in_vain + 1
        if in_vain >= 3:
            break
    return best
