# shows: nothing

import os


class Queue:
    def system(self):
        return 1

    def kill(self, item):
        return item

    def fork(self):
        return self


def f(x):
    return Queue().system(), Queue().fork().kill(x), os.path.join("a", "b"), os.sep
