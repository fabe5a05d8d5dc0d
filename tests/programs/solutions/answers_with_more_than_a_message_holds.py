# expect: bad_output
# says: WireError: this cannot be sent: \d+ bytes, more than 4194304
def double(numbers):
    return "x" * 5_000_000
