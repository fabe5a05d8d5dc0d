# shows: files, raw_descriptors

def f(x):
    with open(3, "wb", closefd=False) as engine:
        engine.write(x)
