# expect: bad_output
# says: WireError: this cannot be sent: an object of type function
def double(numbers):
    return double
