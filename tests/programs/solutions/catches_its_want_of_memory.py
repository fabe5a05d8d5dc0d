# expect: ok
# value: 1.0
def double(numbers):
    try:
        bytearray(10**12)
    except MemoryError:
        pass
    return [2 * number for number in numbers]
