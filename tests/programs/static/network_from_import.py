# shows: network

from urllib.request import urlopen as fetch


def f(x):
    return fetch("http://example.org").read()
