import random
from pebble import ThreadPool
from helpers import temp_override


def utility(algorithm_str: str):
    """The share of formulas that an assignment satisfies; 500 milliseconds for each."""
    exec(algorithm_str, globals())
    return sum(satisfied(formula, algorithm(formula)) for formula in formulas()) / 6
