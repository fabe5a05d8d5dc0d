# expect: raised
# says: line 4: StopIteration: 
def double(numbers):
    return [next(iter([])) for number in numbers]
