# outcome: ok
# static: no
# times_off: 0
# left_out: 2
# in_text: no

def improve_algorithm(initial_solution, utility, language_model):
    utility(initial_solution)
    utility(initial_solution)
    return initial_solution
