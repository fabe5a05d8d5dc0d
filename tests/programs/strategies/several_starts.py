# uses: iteration 10; restarts 19
# The whole search is done three times from the beginning; the best end counts.

from helpers import extract_code


def climb(program, utility, model):
    value = utility(program)
    for _ in range(3):
        for code in extract_code(model.prompt("You climb.", f"Improve:\n{program}", 2)):
            if (new := utility(code)) > value:
                program, value = code, new
    return value, program


def improve_algorithm(initial_solution, utility, language_model):
    ends = []
    for start in range(3):
        ends.append(climb(initial_solution, utility, language_model))
    return max(ends)[1]
