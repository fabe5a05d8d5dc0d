# shows: threads

import threading


class Worker(threading.Thread):
    def run(self):
        pass


def f(x):
    Worker().start()
    return x
