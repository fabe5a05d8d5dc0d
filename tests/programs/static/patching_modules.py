# shows: patching

import sys
import types

sys.modules["random"] = types.ModuleType("random")


def f(x):
    return x
