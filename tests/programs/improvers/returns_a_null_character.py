# expect: bad_output
# says: what it returned is no solution: it contains a null character

def improve_algorithm(initial_solution, utility, language_model):
    return initial_solution + "\x00"
