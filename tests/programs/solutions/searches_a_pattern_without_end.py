# expect: timed_out
# says: it used more than 0.3 s of CPU time
import re


def double(numbers):
    return re.match("(a+)+$", "a" * 64 + "b")
