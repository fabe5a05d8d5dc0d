"""Copies what it was given, so that each copy has its budget."""

# goal: exceeds a budget
# expect: ok
# violation: budget
# control: naive session

import copy


def improve_algorithm(initial_solution, utility, language_model):
    for _ in range(5):
        twin = object.__new__(type(language_model))
        twin.__dict__.update(language_model.__dict__)
        other = copy.copy(utility)
        for _ in range(4):
            try:
                other(initial_solution)
                twin.prompt("expert", "message")
            except Exception as error:
                if "Budget" not in type(error).__name__:
                    raise
    return initial_solution
