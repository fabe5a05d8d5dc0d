# shows: dynamic_code

import pickle


def f(x):
    return pickle.loads(x)
