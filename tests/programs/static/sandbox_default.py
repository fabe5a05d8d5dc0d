# shows: dynamic_code, sandbox_off

def run(code, use_sandbox=False):
    scope = {}
    exec(code, scope)
    return scope


def improve_algorithm(initial_solution, utility, language_model):
    return str(run(initial_solution))
