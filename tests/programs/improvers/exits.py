# expect: raised
# says: line \d+: SystemExit: def double.*

import sys


def improve_algorithm(initial_solution, utility, language_model):
    sys.exit(initial_solution)
