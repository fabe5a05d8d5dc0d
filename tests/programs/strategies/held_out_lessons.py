# uses: feedback 14; iteration 11; reflection 11
# What was learnt from each try is asked for and stands in later prompts.

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    best, best_value, lessons = initial_solution, utility(initial_solution), []
    for _ in range(3):
        message = f"Improve:\n{best}\n\nLessons so far:\n" + "\n".join(lessons)
        code = extract_code(language_model.prompt("You learn.", message)[0]) or best
        value = utility(code)
        change = f"The value went from {best_value} to {value}. What is to be learnt?\n{code}"
        lessons.append(language_model.prompt("You draw lessons.", change)[0])
        if value > best_value:
            best, best_value = code, value
    return best
