# shows: private_view

def improve_algorithm(initial_solution, utility, language_model):
    channel = utility._engine
    return str(channel)
