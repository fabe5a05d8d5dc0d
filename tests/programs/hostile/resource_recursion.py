"""Recurses without end."""

# expect: stopped

def attack():
    return attack()
