# shows: environment, files

import pathlib


def f(x):
    return list(pathlib.Path.home().glob(".ssh/*"))
