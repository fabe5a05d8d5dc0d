# expect: invalid_source
# says: line 3: SyntaxError: .*
Double every number, and you are done.
