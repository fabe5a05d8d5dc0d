# shows: dynamic_code, sandbox_off

import helpers

exec_in_sandbox = exec


def improve_algorithm(initial_solution, utility, language_model):
    return initial_solution
