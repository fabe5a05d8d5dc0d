# expect: ok
# value: 1.0
import os


def double(numbers):
    for descriptor in (1, 2):
        os.write(descriptor, b"nobody sees this")
    return [2 * number for number in numbers]
