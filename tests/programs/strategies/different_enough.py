# uses: diversity 10 18 19; iteration 17; population 17 19
# A candidate is only kept if its text is far enough from those kept; each of them is varied.

import difflib

from helpers import extract_code


def likeness(a, b):
    return difflib.SequenceMatcher(None, a, b).ratio()


def improve_algorithm(initial_solution, utility, language_model):
    kept = [initial_solution]
    for _ in range(4):
        for program in list(kept)[-3:]:
            for code in extract_code(language_model.prompt("You vary.", f"Vary:\n{program}", 2)):
                if all(likeness(code, other) < 0.9 for other in kept):
                    kept.append(code)
    return max(kept, key=utility)
