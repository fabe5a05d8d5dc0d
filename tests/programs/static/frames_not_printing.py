# shows: nothing

import gc
import sys
import traceback


def f(x):
    try:
        return 1 / x
    except ZeroDivisionError:
        print(traceback.format_exc(), sys.exc_info()[0])
        gc.collect()
        return 0


class Frame:
    back = None
