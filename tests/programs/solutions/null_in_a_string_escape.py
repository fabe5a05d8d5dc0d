# expect: ok
# value: 1.0
def double(numbers):
    "A null \x00 that only an escape makes."
    return [2 * number for number in numbers]
