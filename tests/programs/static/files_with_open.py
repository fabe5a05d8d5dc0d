# shows: files

def f(x):
    with open("/etc/passwd") as lines:
        return lines.readlines()
