# uses: budget_awareness 13; early_stop 18; iteration 14
# It ends when the last three values were all the same, or the uses are gone.

from helpers import extract_code


def stalled(values):
    return len(values) > 3 and max(values[-3:]) <= max(values[:-3])


def improve_algorithm(initial_solution, utility, language_model):
    best, values = initial_solution, [utility(initial_solution)]
    while utility.uses < utility.budget:
        found = extract_code(language_model.prompt("You improve.", f"Improve:\n{best}", 2))
        best = max([best, *found], key=utility)
        values.append(utility(best))
        if stalled(values):
            break
    return best
