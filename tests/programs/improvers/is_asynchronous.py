# expect: bad_output
# says: it returned coroutine instead of a string

async def improve_algorithm(initial_solution, utility, language_model):
    return initial_solution
