# expect: bad_output
# says: instance 0: the answer has the wrong type: Expected `float`, got `bool` .*
def double(numbers):
    return [True for number in numbers]
