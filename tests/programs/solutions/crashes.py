# expect: exited
# says: its process ended by signal SIGSEGV
import ctypes


def double(numbers):
    ctypes.string_at(0)
