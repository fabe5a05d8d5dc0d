# uses: iteration 15; restarts 14
# With chance 0.2 the search jumps back to the given program, else it climbs.

import random

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    climber, height = initial_solution, utility(initial_solution)
    start, top, summit = height, height, climber
    for _ in range(10):
        if random.random() < 0.2:
            climber, height = initial_solution, start
        answers = language_model.prompt("You climb.", f"Improve:\n{climber}", n_responses=2)
        for code in extract_code(answers):
            value = utility(code)
            if value > height:
                climber, height = code, value
        if height > top:
            summit, top = climber, height
    return summit
