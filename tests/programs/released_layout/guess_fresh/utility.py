import random


def utility(algorithm_str: str):
    """How near a guess comes to a number that is drawn anew each time; 0 is best."""
    exec(algorithm_str, globals())
    return -abs(algorithm() - random.random())
