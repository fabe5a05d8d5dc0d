# shows: network

def f(x):
    return __import__("socket").gethostbyname("example.org")
