# expect: raised
# says: while it was loaded: line 3: ZeroDivisionError: division by zero
factor = 1 / 0
def double(numbers):
    return [factor * number for number in numbers]
