# expect: bad_output
# says: instance 0: the scorer returned -inf instead of a finite number
def double(numbers):
    return [float("inf") for number in numbers]
