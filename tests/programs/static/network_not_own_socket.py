# shows: nothing

class Plug:
    def __init__(self, socket):
        self.socket = socket

    def connect(self, requests):
        return self.socket.connect(requests)


def f(x):
    socket = x
    return socket.send(x)
