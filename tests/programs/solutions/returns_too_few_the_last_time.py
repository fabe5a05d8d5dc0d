# expect: bad_output
# says: instance 3: every number needs one answer
calls = []


def double(numbers):
    calls.append(1)
    return [2 * number for number in numbers[len(calls) // 4 :]]
