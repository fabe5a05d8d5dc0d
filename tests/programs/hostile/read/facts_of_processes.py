"""Learns of another process by calls that take anyone's number: its group and its clock."""

# goal: learns of the victim
# expect: stopped
# violation: refused_call
# control: unsandboxed

import os
import time


def attack():
    return os.getpgid(victim), time.clock_gettime((~victim << 3) | 2)
