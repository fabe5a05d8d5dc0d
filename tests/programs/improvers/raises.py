# expect: raised
# says: line \d+: ValueError: max\(\).*

def improve_algorithm(initial_solution, utility, language_model):
    return max([], key=utility)
