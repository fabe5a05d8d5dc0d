# expect: bad_output
# says: instance 0: the answer has the wrong type: Expected `float`, got `str` .*
def double(numbers):
    return [str(2 * number) for number in numbers]
