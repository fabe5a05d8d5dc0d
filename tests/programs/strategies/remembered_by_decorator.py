# uses: best_of_n 16; caching 11
# functools remembers the values of programs.

import functools

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    @functools.lru_cache(maxsize=None)
    def worth(program):
        return utility(program)

    answers = language_model.prompt("You rewrite.", f"Rewrite:\n{initial_solution}\n{utility.str}", n_responses=6)
    candidates = extract_code(answers) + [initial_solution]
    return max(candidates, key=worth)
