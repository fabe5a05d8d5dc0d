# expect: bad_output
# says: WireError: this cannot be sent: .*recursion.*
def double(numbers):
    numbers.append(numbers)
    return numbers
