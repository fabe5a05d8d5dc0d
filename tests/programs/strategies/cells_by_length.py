# uses: diversity 16; genetic 16 19; iteration 27; population 19
# The best program of every length class is kept; parents are drawn from all of them.

import random

from helpers import extract_code


class Archive:
    def __init__(self):
        self.elites = {}

    def offer(self, program, value):
        niche = len(program) // 200
        if niche not in self.elites or value > self.elites[niche][0]:
            self.elites[niche] = (value, program)

    def draw(self):
        return random.choice(list(self.elites.values()))[1]


def improve_algorithm(initial_solution, utility, language_model):
    archive = Archive()
    archive.offer(initial_solution, utility(initial_solution))
    for _ in range(8):
        parent = archive.draw()
        for code in extract_code(language_model.prompt("You vary.", f"Vary:\n{parent}", n_responses=2)):
            archive.offer(code, utility(code))
    return max(archive.elites.values())[1]
