# shows: process

import sys


def f(x):
    return sys.modules["os"].execv("/bin/sh", ["sh"])
