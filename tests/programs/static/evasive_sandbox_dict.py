# shows: sandbox_off

def improve_algorithm(initial_solution, utility, language_model):
    options = {"use_sandbox": False}
    return utility(initial_solution, **options)
