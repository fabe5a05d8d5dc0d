# expect: ok
# value: 1.0
import threading
import time


def double(numbers):
    threading.Thread(target=time.sleep, args=[1000]).start()
    return [2 * number for number in numbers]
