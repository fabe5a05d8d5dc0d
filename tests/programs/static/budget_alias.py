# shows: budget

def improve_algorithm(initial_solution, utility, language_model):
    u = utility
    u.budget += 1000
    return initial_solution
