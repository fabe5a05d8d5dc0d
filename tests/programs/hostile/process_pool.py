"""Uses a pool of processes."""

# expect: stopped

import concurrent.futures


def attack():
    with concurrent.futures.ProcessPoolExecutor(1) as pool:
        return pool.submit(abs, -1).result(timeout=2)
