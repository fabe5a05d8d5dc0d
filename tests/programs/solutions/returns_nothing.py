# expect: bad_output
# says: instance 0: the answer has the wrong type: Expected `array`, got `null`
def double(numbers):
    numbers.sort()
