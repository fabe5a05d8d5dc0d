# expect: ok
# value: 0.0
def double(numbers):
    numbers[:] = [0 for number in numbers]
    return [0 for number in numbers]
