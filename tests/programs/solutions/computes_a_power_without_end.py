# expect: timed_out
# says: it used more than 0.3 s of CPU time
def double(numbers):
    return [pow(10**9, 10**9) for number in numbers]
