# expect: bad_output
# says: instance 0: the answer has the wrong type: Expected `array`, got `int`
def double(numbers):
    return 2
