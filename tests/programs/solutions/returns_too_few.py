# expect: bad_output
# says: instance 0: every number needs one answer
def double(numbers):
    return [2 * number for number in numbers[1:]]
