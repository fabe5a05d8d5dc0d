# uses: best_of_n 15
# The best of all answers is sought, over two calls with the same prompt.

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Caching, feedback and a population are for later."""
    prompt = "Improve this program:\n" + initial_solution + "\n\n" + utility.str
    answers = []
    for part in range(2):
        answers.extend(language_model.prompt("You write good code.", prompt, n_responses=4, temperature=1.0))
    programs = [program for program in extract_code(answers) if program]
    scored = sorted(((utility(program), program) for program in programs), reverse=True)
    return scored[0][1] if scored else initial_solution
