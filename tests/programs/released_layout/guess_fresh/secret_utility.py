import random


def utility(algorithm_str):
    place = {}
    exec(algorithm_str, place)
    return -abs(place["algorithm"]() - random.random())
