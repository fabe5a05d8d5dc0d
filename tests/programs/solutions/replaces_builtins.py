# expect: ok
# value: 0.0
import builtins
import json
import time

import numpy as np

for module, name in [(builtins, "sum"), (builtins, "abs"), (builtins, "float"), (np, "sum"), (json, "loads"), (time, "time")]:
    setattr(module, name, lambda *_: 1000)


def double(numbers):
    return [0 for number in numbers]
