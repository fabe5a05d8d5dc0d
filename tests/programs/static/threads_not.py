# shows: nothing

import threading
from concurrent.futures import ThreadPoolExecutor

lock = threading.Lock()
local = threading.local()


def f(x):
    with lock, ThreadPoolExecutor() as pool:
        return list(pool.map(abs, x))
