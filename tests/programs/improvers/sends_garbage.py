# expect: protocol_violation
# says: not a message: .*
# violations: protocol

import os
import time


def improve_algorithm(initial_solution, utility, language_model):
    os.write(3, b"\x00\x00\x00\x02\xc1\xc1")
    time.sleep(1000)
