# uses: iteration 11; restarts 20
# When nothing gains for a while it goes back to the program that was given.

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    current, current_value, stuck = initial_solution, utility(initial_solution), 0
    best, best_value = current, current_value
    for _ in range(12):
        code = extract_code(language_model.prompt("You improve.", f"Improve:\n{current}")[0])
        value = utility(code) if code else current_value
        if value > current_value:
            current, current_value, stuck = code, value, 0
        else:
            stuck += 1
        if current_value > best_value:
            best, best_value = current, current_value
        if stuck > 3:
            current, stuck = initial_solution, 0
            current_value = utility(current)
    return best
