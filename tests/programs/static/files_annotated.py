# shows: files

import pathlib


def walk(start: pathlib.Path):
    return [entry.name for entry in start.iterdir()]


def f(x):
    return walk(x)
