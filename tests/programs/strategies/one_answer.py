# uses: nothing
# The first answer is taken as it is.

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    prompt = f"Improve:\n{initial_solution}\nIt is judged by:\n{utility.str}"
    answer = language_model.prompt("You write fast Python.", prompt, temperature=0.2)[0]
    return extract_code(answer) or initial_solution
