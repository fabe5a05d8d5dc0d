# shows: environment, process

import subprocess


def f(x):
    return tuple(vars(subprocess)["o" + "s"].environ.items())
