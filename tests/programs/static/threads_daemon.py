# shows: threads

from threading import Thread


def f(x):
    Thread(target=print, daemon=True).start()
    return x
