# shows: dunder, files

def f(x):
    return __builtins__["open"]("/etc/passwd").read()
