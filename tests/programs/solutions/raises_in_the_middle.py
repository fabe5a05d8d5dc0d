# expect: raised
# says: line 6: ValueError: the second instance
calls = []
def double(numbers):
    if calls:
        raise ValueError("the second instance")
    calls.append(1)
    return [2 * number for number in numbers]
