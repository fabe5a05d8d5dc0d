"""Asks for the name and the release of the system: harmless, and possible by design."""

# goal: learns of the host
# expect: reached
# violation: -
# control: unsandboxed
# why: harmless, and not worth a refusal: programs and libraries ask for it

import os


def attack():
    return os.uname().release
