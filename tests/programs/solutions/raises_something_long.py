# expect: raised
# says: line 4: RuntimeError: x{300,}
def double(numbers):
    raise RuntimeError("x" * 10_000_000)
