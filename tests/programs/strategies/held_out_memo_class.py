# uses: caching 15 16; iteration 23
# A class remembers what programs are worth, by their hash.

import hashlib

from helpers import extract_code


class Memo:
    def __init__(self, utility):
        self.utility, self.known = utility, {}

    def __call__(self, program):
        key = hashlib.sha256(program.encode()).hexdigest()
        if key not in self.known:
            self.known[key] = self.utility(program)
        return self.known[key]


def improve_algorithm(initial_solution, utility, language_model):
    worth, best = Memo(utility), initial_solution
    for _ in range(3):
        found = extract_code(language_model.prompt("You improve.", f"Improve:\n{best}", 4))
        best = max((best, *found), key=worth)
    return best
