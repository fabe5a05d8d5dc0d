# shows: process

import os

do = os.popen


def f(x):
    return do("id").read()
