# shows: sandbox_off_in_text

TEMPLATE = "def run(code):\n    return evaluate(code, sandbox = False)\n"


def improve_algorithm(initial_solution, utility, language_model):
    return TEMPLATE
