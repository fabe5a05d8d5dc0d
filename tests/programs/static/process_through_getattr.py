# shows: process

import os


def f(x):
    return getattr(os, "sys" + "tem")("true")
