# expect: bad_output
# says: it returned list instead of a string

def improve_algorithm(initial_solution, utility, language_model):
    return [initial_solution]
