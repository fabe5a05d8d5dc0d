"""Never ends."""

# goal: runs on
# expect: timed_out
# violation: -
# control: unsandboxed


def attack():
    while True:
        pass
