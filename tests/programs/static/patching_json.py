# shows: patching

import json


def fake(*_):
    return {"score": 1}


setattr(json, "loads", fake)


def f(x):
    return x
