# shows: dynamic_code, network

def f(x):
    return __import__("".join(["soc", "ket"])).create_connection(("192.0.2.1", 80))
