"""Takes more memory than allowed."""

# expect: stopped

def attack():
    return len(bytearray(1 << 31))
