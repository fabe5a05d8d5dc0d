# expect: timed_out
# says: it used more than 0.3 s of CPU time
import threading


def spin():
    while True:
        pass


def double(numbers):
    thread = threading.Thread(target=spin)
    thread.start()
    thread.join()
