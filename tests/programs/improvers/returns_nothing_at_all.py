# expect: bad_output
# says: it returned NoneType instead of a string
# uses: 1

def improve_algorithm(initial_solution, utility, language_model):
    utility(initial_solution)
