# uses: decomposition 18; iteration 18
# A regular expression cuts the program into functions; each is improved by itself.

import re

from helpers import extract_code


def parts_of(program):
    return re.split(r"\n(?=def )", program)


def improve_algorithm(initial_solution, utility, language_model):
    best, best_value = initial_solution, utility(initial_solution)
    for _ in range(2):
        for part in parts_of(best):
            message = f"Improve only this function:\n{part}\nof this program:\n{best}"
            for new in extract_code(language_model.prompt("You see details.", message, n_responses=2)):
                candidate = best.replace(part, new)
                value = utility(candidate)
                if value > best_value:
                    best, best_value = candidate, value
    return best
