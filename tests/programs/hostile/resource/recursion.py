"""Recurses without end."""

# goal: the engine falls
# expect: stopped
# violation: -
# control: naive engine in its own process


def attack():
    return attack()
