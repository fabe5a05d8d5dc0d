# uses: caching 13; iteration 21
# A helper looks a program up before it is valued.

from helpers import extract_code

KNOWN = {}


def worth(utility, program):
    key = program.strip()
    value = KNOWN.get(key)
    if value is None:
        value = utility(program)
        KNOWN[key] = value
    return value


def improve_algorithm(initial_solution, utility, language_model):
    best = initial_solution
    for _ in range(4):
        found = extract_code(language_model.prompt("You improve.", "Improve:\n{}".format(best), n_responses=4))
        best = max([best, *found], key=lambda program: worth(utility, program))
    return best
