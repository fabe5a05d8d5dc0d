# shows: network

try:
    import requests
except ImportError:
    requests = None


def f(x):
    return requests.get("http://example.org") if requests else x
