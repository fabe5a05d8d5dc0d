# expect: raised
# says: line \d+: \w*Error: .*
# violations: socket

import socket


def improve_algorithm(initial_solution, utility, language_model):
    socket.create_connection(('192.0.2.1', 80))
    return initial_solution
