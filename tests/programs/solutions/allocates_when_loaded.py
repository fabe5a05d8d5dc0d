# expect: out_of_memory
# says: while it was loaded: it asked for more memory than its limit
table = [0] * 10**11
