# expect: bad_output
# says: instance 0: the answer has the wrong type: Expected `float`, got `array` .*
def double(numbers):
    return [[2 * number] for number in numbers]
