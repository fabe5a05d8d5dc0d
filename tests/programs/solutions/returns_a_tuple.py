# expect: ok
# value: 1.0
def double(numbers):
    return tuple(2 * number for number in numbers)
