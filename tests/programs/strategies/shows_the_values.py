# uses: feedback 13; iteration 13
# The prompt tells the value of the best program and what was tried.

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    best, best_value = initial_solution, utility(initial_solution)
    history = []
    for _ in range(4):
        tried = "\n".join(f"- attempt {number}: {value:.3f}" for number, value in enumerate(history))
        message = f"This program reaches {best_value:.3f}:\n{best}\n\nEarlier attempts reached:\n{tried}"
        for code in extract_code(language_model.prompt("You learn from figures.", message, n_responses=3)):
            history.append(utility(code))
            if history[-1] > best_value:
                best, best_value = code, history[-1]
    return best
