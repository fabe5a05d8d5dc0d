# expect: exited
# says: its process ended with exit code 3
import os


def double(numbers):
    os._exit(3)
