# shows: new_model

def improve_algorithm(initial_solution, utility, language_model):
    return type(language_model)().prompt("expert", initial_solution)[0]
