# expect: out_of_memory
# says: it asked for more memory than its limit

def improve_algorithm(initial_solution, utility, language_model):
    return 'x' * 10**12
