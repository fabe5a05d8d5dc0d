# expect: bad_output
# says: instance 0: the answer holds NaN or an infinity
def double(numbers):
    return [float("inf") for number in numbers]
