# expect: violation
# says: it made a forbidden system call: mount
# violation: system_call
import ctypes


def double(numbers):
    ctypes.CDLL(None).mount(b"none", b"/tmp", b"tmpfs", 0, None)
    return [2 * number for number in numbers]
