# expect: timed_out
# says: it used more than 0.3 s of CPU time
def double(numbers):
    return [sum(range(10**12)) for number in numbers]
