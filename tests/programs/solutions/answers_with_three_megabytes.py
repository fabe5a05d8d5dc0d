# expect: bad_output
# says: instance 0: every number needs one answer
def double(numbers):
    return [0.5] * 100_000
