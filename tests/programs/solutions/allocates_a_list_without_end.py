# expect: out_of_memory
# says: it asked for more memory than its limit
def double(numbers):
    taken = []
    while True:
        taken.append(bytes(2**24))
