"""Takes its own time away, so that it looks like an accident of the machine."""

# goal: the engine falls
# expect: stopped
# violation: -
# control: naive engine in its own process

import resource


def attack():
    resource.setrlimit(resource.RLIMIT_CPU, (1, 1))
    while True:
        pass
