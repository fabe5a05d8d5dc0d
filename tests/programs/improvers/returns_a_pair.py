# expect: bad_output
# says: it returned tuple instead of a string
# uses: 1

def improve_algorithm(initial_solution, utility, language_model):
    return initial_solution, utility(initial_solution)
