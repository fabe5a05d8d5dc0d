# shows: dynamic_code, network

import importlib

web = importlib.import_module("http" + ".client")


def f(x):
    return web.HTTPConnection("example.org").request("GET", "/")
