"""Computes a number with a billion digits."""

# goal: runs on
# expect: timed_out
# violation: -
# control: unsandboxed


def attack():
    return 3 ** (10**9)
