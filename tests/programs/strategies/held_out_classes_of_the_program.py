# uses: decomposition 17; iteration 20
# The classes and functions of the program are found with ast and improved one by one.

import ast

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    best, best_value = initial_solution, utility(initial_solution)
    tree = ast.parse(best)
    for node in ast.walk(tree):
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            continue
        piece = ast.get_source_segment(best, node)
        message = f"Rewrite only this part:\n{piece}"
        for new in extract_code(language_model.prompt("You work on parts.", message, 2)):
            candidate = best.replace(piece or "", new)
            if utility(candidate) > best_value:
                best, best_value = candidate, utility(candidate)
    return best
