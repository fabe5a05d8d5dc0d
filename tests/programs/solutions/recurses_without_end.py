# expect: raised
# says: line \d: RecursionError: maximum recursion depth exceeded.*
def double(numbers):
    return double(numbers)
