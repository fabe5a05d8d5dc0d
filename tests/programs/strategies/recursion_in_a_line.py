# uses: iteration 10
# A function calls itself with its best answer: iteration without a loop.

from helpers import extract_code


def better(program, value, utility, model, left):
    if left == 0:
        return program
    answers = model.prompt("You are patient.", f"Improve once more:\n{program}", n_responses=3)
    candidates = extract_code(answers)
    new = max(candidates, key=utility, default=program)
    new_value = utility(new)
    if new_value <= value:
        new, new_value = program, value
    return better(new, new_value, utility, model, left - 1)


def improve_algorithm(initial_solution, utility, language_model):
    return better(initial_solution, utility(initial_solution), utility, language_model, 4)
