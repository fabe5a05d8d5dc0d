# expect: invalid_source
# says: it does not define the function double
def triple(numbers):
    return [3 * number for number in numbers]
