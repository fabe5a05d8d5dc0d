# uses: iteration 16
# Random numbers, log and sqrt without any choice that depends on them.

import math
import random

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    best, best_value = initial_solution, utility(initial_solution)
    for n in range(1, 5):
        confidence = math.sqrt(2 * math.log(n + 1) / n)
        tag = random.randint(0, 10**6)
        message = f"Request {tag}. Improve:\n{best}"
        for code in extract_code(language_model.prompt("You improve.", message, n_responses=3)):
            value = utility(code)
            if value > best_value:
                best, best_value = code, value
        print(f"round {n}: {best_value:.3f} ± {confidence:.3f}")
    return best
