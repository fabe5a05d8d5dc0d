# expect: raised
# says: line \d: RecursionError: .*

def improve_algorithm(initial_solution, utility, language_model):
    return improve_algorithm(initial_solution, utility, language_model)
