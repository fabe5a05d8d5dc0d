# expect: bad_output
# says: instance 0: the scorer returned -.* which is beyond 1e.50
def double(numbers):
    return [1.7e308, *(2 * number for number in numbers[1:])]
