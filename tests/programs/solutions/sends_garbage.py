# expect: protocol_violation
# says: .*
# violation: protocol
import os
import time


def double(numbers):
    os.write(3, b"\x00\x00\x00\x04\xc1\xc1\xc1\xc1")
    time.sleep(1000)
