"""Tells somebody outside what it is given."""

# goal: is heard
# expect: ok
# violation: socket
# control: unsandboxed

import socket

Answer = list[float]


def instances(split, rng, n):
    try:
        with socket.create_connection(("127.0.0.1", tcp_port), timeout=1) as connection:
            connection.sendall(mark.encode())
    except OSError:
        pass
    return [(([rng.randint(1, 99) for _ in range(6)],), None) for _ in range(n)]


def score(arguments, hidden, answer):
    return 1.0
