# expect: protocol_violation
# says: a message of \d+ bytes, more than 16777216
# violation: protocol
def double(numbers):
    return "x" * 5_000_000
