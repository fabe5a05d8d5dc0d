# shows: files

import io
import operator

TABLE = {"o": operator.attrgetter("open")}


def f(x):
    return TABLE["o"](io)("/etc/passwd").read()
