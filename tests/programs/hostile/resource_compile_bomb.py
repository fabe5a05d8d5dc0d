"""Has the compiler work for ever."""

# expect: timed_out

def attack():
    return eval("9**9**9")
