# expect: bad_output
# says: instance 0: the scorer returned nan instead of a finite number
def double(numbers):
    return [float("nan") for number in numbers]
