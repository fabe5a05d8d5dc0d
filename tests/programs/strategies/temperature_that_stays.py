# uses: iteration 14
# A variable called temperature is set in a loop, always to the same number.

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    best, best_score = initial_solution, utility(initial_solution)
    for step in range(3):
        temperature = 0.7
        temperatures = [temperature] * 3
        print(f"step {step} at temperature {temperatures[step]}")
        for candidate in extract_code(
            language_model.prompt("You optimise.", f"Improve:\n{best}\n{utility.str}", 4, temperature)
        ):
            score = utility(candidate)
            if score > best_score:
                best, best_score = candidate, score
    return best
