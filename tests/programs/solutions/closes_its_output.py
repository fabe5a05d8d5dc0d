# expect: ok
# value: 1.0
import sys

sys.stdout.close()


def double(numbers):
    return [2 * number for number in numbers]
