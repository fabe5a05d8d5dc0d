# expect: bad_output
# says: instance 0: the answer has the wrong type: Expected `array`, got `object`
def double(numbers):
    return {number: 2 * number for number in numbers}
