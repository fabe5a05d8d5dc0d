# expect: bad_output
# says: WireError: this cannot be sent: an object of type complex
def double(numbers):
    return [2 * number + 0j for number in numbers]
