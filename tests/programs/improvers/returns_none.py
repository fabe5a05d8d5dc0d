# expect: bad_output
# says: it returned NoneType instead of a string

def improve_algorithm(initial_solution, utility, language_model):
    return None
