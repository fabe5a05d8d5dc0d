# expect: bad_output
# says: instance 0: the answer has the wrong type: Expected `array`, got `str`
def double(numbers):
    return "[2, 4, 6]"
