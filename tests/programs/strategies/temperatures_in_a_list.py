# uses: best_of_n 12; temperature_variation 11
# The same prompt is asked at three temperatures.

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    message = f"Improve:\n{initial_solution}\n{utility.str}"
    candidates = [initial_solution]
    for heat in [0.1, 0.5, 0.9]:
        candidates += extract_code(language_model.prompt("You improve.", message, 2, temperature=heat))
    return max(candidates, key=lambda program: utility(program))
