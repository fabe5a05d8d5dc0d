# uses: iteration 12
# A dictionary called cache holds prompts by round; no program is looked up.

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    cache, best = {}, initial_solution
    for step in range(4):
        if step not in cache:
            cache[step] = f"Step {step}: improve\n{best}"
        found = extract_code(language_model.prompt("You improve.", cache[step], n_responses=3))
        best = max([best, *found], key=utility)
    return best
