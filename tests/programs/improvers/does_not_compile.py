# expect: invalid_source
# says: line \d+: SyntaxError: .*

def improve_algorithm(initial_solution, utility, language_model) return initial_solution
