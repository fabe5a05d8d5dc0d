# expect: invalid_source
# says: line 3: SyntaxError: .*
def double(numbers) return numbers
