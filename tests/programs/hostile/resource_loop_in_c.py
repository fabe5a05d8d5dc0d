"""Never ends, and never comes back from C."""

# expect: timed_out

def attack():
    return 3 ** (10 ** 9) and sum(range(10 ** 12))
