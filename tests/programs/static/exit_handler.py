# shows: exit

import signal


def f(x):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return x
