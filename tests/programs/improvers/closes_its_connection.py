# expect: exited
# says: it closed its connection and went on

import os
import time


def improve_algorithm(initial_solution, utility, language_model):
    os.close(3)
    time.sleep(1000)
