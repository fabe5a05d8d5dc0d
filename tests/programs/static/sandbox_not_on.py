# shows: nothing

def run(code, sandbox=None, use_sandbox=True):
    """Runs code; the sandbox stays on."""
    return code if use_sandbox else sandbox


def improve_algorithm(initial_solution, utility, language_model):
    return run(initial_solution, use_sandbox=True)
