# expect: raised
# says: line 4: RuntimeError: first second \x1b\[31mthird
def double(numbers):
    raise RuntimeError("first\nsecond\n\x1b[31mthird")
