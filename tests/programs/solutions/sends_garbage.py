# expect: protocol_violation
# says: .*
# violation: protocol
import os


def double(numbers):
    os.write(3, b"\x00\x00\x00\x04\xc1\xc1\xc1\xc1")
    return [2 * number for number in numbers]
