# expect: raised
# says: TypeError: improve_algorithm\(\) takes 1 positional argument but 3 were given

def improve_algorithm(initial_solution):
    return initial_solution
