# shows: nothing

import mmap


def f(x):
    return mmap.mmap(-1, 4096)[:10]
