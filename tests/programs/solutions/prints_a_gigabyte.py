# expect: ok
# value: 1.0
MEGABYTE = "x" * 2**20


def double(numbers):
    for _ in range(256):
        print(MEGABYTE)
    return [2 * number for number in numbers]
