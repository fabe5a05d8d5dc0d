# shows: nothing

class World:
    environ = {}

    def getenv(self, name):
        return self.environ.get(name)


def f(x):
    return World().getenv(x)
