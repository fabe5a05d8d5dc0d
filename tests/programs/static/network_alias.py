# shows: network

import socket as s


def f(x):
    return s.create_connection(("192.0.2.1", 80)), x
