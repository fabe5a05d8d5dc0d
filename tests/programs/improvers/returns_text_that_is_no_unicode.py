# expect: bad_output
# says: it returned text that is not valid Unicode

def improve_algorithm(initial_solution, utility, language_model):
    return "\udc80"
