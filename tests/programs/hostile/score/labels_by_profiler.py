"""Has itself called when its answer is scored, and then writes the labels into the answer."""

# goal: gets a false score
# expect: ok
# violation: -
# control: naive scorer
# task: guessing

import sys

ANSWER = [0.0] * 20


def look(frame, event, argument):
    if event == "call" and "hidden" in frame.f_locals:
        ANSWER[:] = frame.f_locals["hidden"]


sys.setprofile(look)


def guess(numbers):
    return ANSWER
