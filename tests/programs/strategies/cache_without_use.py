# uses: iteration 12
# A cache is written and never read.

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    cache = {}
    best, best_value = initial_solution, utility(initial_solution)
    cache[initial_solution] = best_value
    for _ in range(3):
        answers = language_model.prompt("You are careful.", f"Improve:\n{best}", n_responses=3)
        for code in extract_code(answers):
            cache[code] = utility(code)
            if cache[code] > best_value:
                best, best_value = code, cache[code]
    return best
