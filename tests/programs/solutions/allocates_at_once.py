# expect: out_of_memory
# says: it asked for more memory than its limit
def double(numbers):
    return list(bytearray(10**12))
