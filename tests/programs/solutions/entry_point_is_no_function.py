# expect: invalid_source
# says: it does not define the function double
double = [2, 4, 6]
