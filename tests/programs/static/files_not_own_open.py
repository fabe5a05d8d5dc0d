# shows: nothing

def open(name):
    return {"name": name}


class Valve:
    def open(self):
        return True

    def unlink(self):
        return False


def f(x):
    return open(x), Valve().open(), Valve().unlink()
