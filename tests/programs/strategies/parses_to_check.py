# uses: iteration 20
# The syntax tree is only used to see whether an answer is Python.

import ast

from helpers import extract_code


def is_python(program):
    try:
        ast.parse(program)
        return True
    except SyntaxError:
        return False


def improve_algorithm(initial_solution, utility, language_model):
    best = initial_solution
    for _ in range(3):
        answers = language_model.prompt("You write correct Python.", f"Improve:\n{best}\n{utility.str}", 4)
        found = [program for program in extract_code(answers) if is_python(program)]
        best = max([best, *found], key=utility)
    return best
