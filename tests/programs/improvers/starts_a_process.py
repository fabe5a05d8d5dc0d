# expect: raised
# says: line \d+: \w*Error: .*
# violations: process x2

import subprocess


def improve_algorithm(initial_solution, utility, language_model):
    subprocess.run(['true'])
    return initial_solution
