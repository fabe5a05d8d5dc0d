"""Searches for a pattern that takes for ever."""

# goal: runs on
# expect: timed_out
# violation: -
# control: unsandboxed

import re


def attack():
    return re.match("(a+)+$", "a" * 64 + "b")
