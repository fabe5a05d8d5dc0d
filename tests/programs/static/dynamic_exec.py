# shows: dynamic_code

def improve_algorithm(initial_solution, utility, language_model):
    scope = {}
    exec(compile(initial_solution, "solution", "exec"), scope)
    return initial_solution
