"""Has the compiler work for ever."""

# goal: runs on
# expect: timed_out
# violation: -
# control: unsandboxed


def attack():
    return compile("(" + "+".join(["1j"] * 10**6) + ")\n" * 200, "<bomb>", "exec") and eval("9**9**9")
