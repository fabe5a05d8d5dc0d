# expect: exited|raised
# says: its process ended by signal SIGSEGV|.*RecursionError.*
import sys


class Deep:
    def __repr__(self):
        return repr([self])


def double(numbers):
    sys.setrecursionlimit(10**8)
    return repr(Deep())
