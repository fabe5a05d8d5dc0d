# expect: bad_output
# says: what it returned is no solution: it is empty

def improve_algorithm(initial_solution, utility, language_model):
    return ""
