# expect: bad_output
# says: WireError: this cannot be sent: .*surrogates not allowed
def double(numbers):
    return ["\ud800" for number in numbers]
