# uses: best_of_n 16
# The only loop goes through the responses of one call.

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    best, best_value = initial_solution, float("-inf")
    answers = language_model.prompt("You are quick.", f"Improve:\n{best}\n{utility.str}", n_responses=6)
    for iteration, answer in enumerate(answers):
        code = extract_code(answer)
        if code is None:
            continue
        value = utility(code)
        if value > best_value:
            best, best_value = code, value
    return best
