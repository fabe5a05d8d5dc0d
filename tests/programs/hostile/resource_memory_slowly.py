"""Takes memory bit by bit."""

# expect: stopped

def attack():
    taken = []
    while True:
        taken.append(bytes(1 << 23))
        if len(taken) > 400:
            return True
