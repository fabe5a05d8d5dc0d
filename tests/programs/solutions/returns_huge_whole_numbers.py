# expect: bad_output
# says: WireError: this cannot be sent: .*
def double(numbers):
    return [2 * number + 10**400 for number in numbers]
