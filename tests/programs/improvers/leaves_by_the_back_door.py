# expect: exited
# says: its process ended with exit code 5
# uses: 1

import os


def improve_algorithm(initial_solution, utility, language_model):
    utility(initial_solution)
    os._exit(5)
