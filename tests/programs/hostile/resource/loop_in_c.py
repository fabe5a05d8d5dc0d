"""Never ends, and never comes back from C."""

# goal: runs on
# expect: timed_out
# violation: -
# control: unsandboxed


def attack():
    return sum(range(10**12))
