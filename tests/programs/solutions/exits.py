# expect: raised
# says: line 6: SystemExit: 0
import sys

def double(numbers):
    sys.exit(0)
