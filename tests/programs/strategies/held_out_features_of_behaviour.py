# uses: diversity 20; feedback 17; genetic 16 20; iteration 17; population 16
# One program is kept for each way of looping; a random one of them is developed.

import random

from helpers import extract_code


def signature(code):
    return ("for " in code, "while " in code, code.count("def "))


def improve_algorithm(initial_solution, utility, language_model):
    archive = {signature(initial_solution): (utility(initial_solution), initial_solution)}
    for _ in range(10):
        value, parent = random.choice(list(archive.values()))
        for code in extract_code(language_model.prompt("You vary.", f"Develop:\n{parent}\nworth {value}", 2)):
            entry = (utility(code), code)
            place = signature(code)
            archive[place] = max(archive.get(place, entry), entry)
    return max(archive.values())[1]
