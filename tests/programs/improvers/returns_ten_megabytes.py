# expect: bad_output
# says: what it returned is no solution: it has 10,000,000 bytes; at most 262,144 are taken

def improve_algorithm(initial_solution, utility, language_model):
    return "#" * 10_000_000
