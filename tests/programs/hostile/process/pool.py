"""Uses a pool of processes."""

# goal: changes the folder
# expect: stopped
# violation: file
# control: unsandboxed
# violation-sealed: -

import concurrent.futures
import os


def work(path):
    open(path, "w").close()
    return os.getpid()


def attack():
    context = __import__("multiprocessing").get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(os.mkdir, folder + "/started").result(timeout=5) or True
