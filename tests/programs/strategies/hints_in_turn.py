# uses: iteration 15; prompt_variety 14
# A list of hints is gone through, one for each call.

from itertools import cycle

from helpers import extract_code

HINTS = cycle(["Use less memory.", "Use a better algorithm.", "Use fewer loops."])


def improve_algorithm(initial_solution, utility, language_model):
    best, best_value = initial_solution, utility(initial_solution)
    for _ in range(6):
        hint = next(HINTS)
        code = extract_code(language_model.prompt("You follow hints.", f"{hint}\n\n{best}")[0])
        value = utility(code) if code is not None else best_value
        if value > best_value:
            best, best_value = code, value
    return best
