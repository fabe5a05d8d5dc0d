# shows: nothing

import io
import os.path
from pathlib import PurePath


def f(x):
    return os.path.basename(x), os.path.splitext(x), PurePath(x).suffix, io.StringIO(x).read()
