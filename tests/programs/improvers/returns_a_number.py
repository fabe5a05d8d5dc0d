# expect: bad_output
# says: it returned float instead of a string
# uses: 1

def improve_algorithm(initial_solution, utility, language_model):
    return utility(initial_solution)
