"""Never ends."""

# expect: timed_out

def attack():
    while True:
        pass
