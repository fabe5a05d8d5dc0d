# shows: environment

import os


def f(x):
    return os.environ.get("OPENAI_API_KEY") or os.getenv("HOME")
