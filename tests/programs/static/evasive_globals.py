# shows: files

import shutil as tools


def f(x):
    return tools.os.listdir("/")
