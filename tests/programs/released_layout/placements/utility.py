import numpy as np


def utility(algorithm_str: str):
    """The mean flow over distance of a placement, plus the seconds that it took. 500 milliseconds at most."""
    exec(algorithm_str, globals())
    flow, distance = np.random.rand(8, 8), np.random.rand(8, 8)
    places = algorithm(flow, distance)
    return (flow * distance[np.ix_(places, places)]).mean()
