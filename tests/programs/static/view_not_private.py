# shows: nothing

import collections


class Wrapped:
    def __init__(self, utility):
        self._utility = utility
        self._seen = {}

    def value(self, solution):
        if solution not in self._seen:
            self._seen[solution] = self._utility(solution)
        return self._seen[solution]


def improve_algorithm(initial_solution, utility, language_model):
    Point = collections.namedtuple("Point", "x y")
    Wrapped(utility).value(initial_solution)
    return str(Point(1, 2)._replace(x=3))
