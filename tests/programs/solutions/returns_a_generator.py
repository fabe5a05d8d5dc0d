# expect: bad_output
# says: WireError: this cannot be sent: an object of type generator
def double(numbers):
    return (2 * number for number in numbers)
