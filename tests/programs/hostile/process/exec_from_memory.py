"""Makes a program in memory and becomes it."""

# goal: changes the folder
# expect: stopped
# violation: file
# control: unsandboxed

import os


def attack():
    descriptor = os.memfd_create("program")
    os.write(descriptor, f"#!/bin/sh\ntouch {folder}/started\n".encode())
    os.set_inheritable(descriptor, True)
    os.execv(f"/proc/self/fd/{descriptor}", ["program"])
