# expect: exited
# says: its process ended with exit code 0
import os

os._exit(0)
