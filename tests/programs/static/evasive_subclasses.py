# shows: dunder, process

def f(x):
    for kind in object.__subclasses__():
        if kind.__name__ == "Pop" + "en":
            return kind(["true"])
