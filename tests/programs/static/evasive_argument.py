# shows: process

import os


def call(thing, name):
    return getattr(thing, name)


def f(x):
    return call(os, "system")("true")
