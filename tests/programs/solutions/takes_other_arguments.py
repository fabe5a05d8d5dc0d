# expect: raised
# says: TypeError: double\(\) missing 1 required positional argument: 'factor'
def double(numbers, factor):
    return [factor * number for number in numbers]
