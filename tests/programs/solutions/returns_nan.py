# expect: bad_output
# says: instance 0: the answer holds NaN or an infinity
def double(numbers):
    return [float("nan") for number in numbers]
