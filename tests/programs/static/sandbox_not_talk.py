# shows: nothing

# use_sandbox=False would be wrong here
def improve_algorithm(initial_solution, utility, language_model):
    message = "Never turn the sandbox off. Is False a good default for a sandbox? No."
    return language_model.prompt("expert", message)[0]
