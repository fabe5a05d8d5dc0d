"""Takes memory bit by bit."""

# expect: stopped

def attack():
    taken = []
    while True:
        taken.append(bytearray(1 << 23))
        if len(taken) > 400:
            return True
