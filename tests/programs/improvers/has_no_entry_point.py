# expect: invalid_source
# says: it does not define the function improve_algorithm

def improve(initial_solution, utility, language_model):
    return initial_solution
