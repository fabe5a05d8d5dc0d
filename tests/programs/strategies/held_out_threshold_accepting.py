# uses: iteration 11
# A worse program is accepted if it is not much worse; chance has no part in it.

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    current, current_value = initial_solution, utility(initial_solution)
    best, best_value, tolerance = current, current_value, 0.1
    for _ in range(6):
        code = extract_code(language_model.prompt("You vary.", f"Vary:\n{current}")[0])
        if code is None:
            continue
        value = utility(code)
        if value > current_value - tolerance:
            current, current_value = code, value
        if value > best_value:
            best, best_value = code, value
        tolerance *= 0.7
    return best
