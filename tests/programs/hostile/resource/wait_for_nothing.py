"""Waits for a message that never comes."""

# goal: runs on
# expect: timed_out
# violation: -
# control: unsandboxed


def attack():
    channel.receive()
