# expect: protocol_violation
# says: it sent what is no message of the protocol: .*
# violation: protocol
import socket


def double(numbers):
    import msgspec

    body = msgspec.msgpack.encode({"type": "scores", "scores": [1.0, 1.0, 1.0, 1.0], "rejected": None})
    socket.socket(fileno=3).sendall(len(body).to_bytes(4, "big") + body)
