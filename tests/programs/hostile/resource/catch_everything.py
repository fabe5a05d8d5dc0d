"""Catches every exception, also from its own generators and destructors."""

# goal: runs on
# expect: timed_out
# violation: -
# control: unsandboxed


class Stubborn:
    def __del__(self):
        Stubborn()
        while True:
            pass


def attack():
    while True:
        try:
            Stubborn()
        except BaseException:
            continue
