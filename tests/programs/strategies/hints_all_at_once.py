# uses: best_of_n 13
# A list of hints stands whole in every prompt.

from helpers import extract_code

HINTS = ["Use less memory.", "Use a better algorithm.", "Use fewer loops."]


def improve_algorithm(initial_solution, utility, language_model):
    expertise = HINTS[0]
    message = "\n".join(HINTS) + f"\n\nImprove:\n{initial_solution}\n{utility.str}"
    answers = language_model.prompt(expertise, message, n_responses=5, temperature=0.8)
    return max(extract_code(answers), key=utility)
