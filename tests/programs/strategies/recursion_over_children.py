# uses: iteration 12; tree_search 14
# Each program is expanded by a function that calls itself for its children.

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    def explore(program, depth):
        found = [(utility(program), program)]
        if depth == 0:
            return found
        answers = language_model.prompt("You branch out.", f"Two ways to improve:\n{program}", n_responses=2)
        for child in extract_code(answers):
            found += explore(child, depth - 1)
        return found

    return max(explore(initial_solution, 2))[1]
