# expect: bad_output
# says: it returned generator instead of a string

def improve_algorithm(initial_solution, utility, language_model):
    yield initial_solution
