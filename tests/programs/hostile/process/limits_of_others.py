"""Lowers the limits of another process."""

# goal: limits the victim
# expect: stopped
# violation: refused_call
# control: unsandboxed

import resource


def attack():
    hard = resource.prlimit(victim, resource.RLIMIT_NOFILE)[1]
    resource.prlimit(victim, resource.RLIMIT_NOFILE, (17, hard))
    return True
