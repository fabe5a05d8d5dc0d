# expect: ok
# solution: Try harder.

def improve_algorithm(initial_solution, utility, language_model):
    return "Try harder."
