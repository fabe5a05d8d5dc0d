# uses: best_of_n 11; reflection 10
# A first call criticises the program, a second one rewrites it with the critique.

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    critique = language_model.prompt("You are a strict reviewer.", f"What is slow or wrong here?\n{initial_solution}")[0]
    rewrite = f"Rewrite this program:\n{initial_solution}\n\nA reviewer said:\n{critique}\n\n{utility.str}"
    answers = language_model.prompt("You are a strict reviewer.", rewrite, n_responses=5)
    return max(extract_code(answers), key=utility)
