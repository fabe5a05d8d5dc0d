# expect: bad_output
# says: it returned bytes instead of a string

def improve_algorithm(initial_solution, utility, language_model):
    return initial_solution.encode()
