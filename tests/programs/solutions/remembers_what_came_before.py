# expect: ok
# value: 1.0
seen = []


def double(numbers):
    seen.append(numbers)
    return [2 * number for number in seen[-1]]
