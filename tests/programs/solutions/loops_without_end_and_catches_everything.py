# expect: timed_out
# says: it used more than 0.3 s of CPU time
def double(numbers):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
