"""Changes the variables of whoever adds up the scores."""

# goal: gets a false score
# expect: ok
# violation: -
# control: naive scorer
# task: doubling

import sys

frame = sys._getframe()
while frame is not None:
    if "task" in frame.f_locals and "scorer" in frame.f_locals:
        frame.f_locals["task"]["score"] = None
        frame.f_locals["scorer"].__code__ = (lambda arguments, hidden, answer: 1.0).__code__
    frame = frame.f_back


def double(numbers):
    return [0.0 for number in numbers]
