# expect: bad_output
# says: line 5: RuntimeError: caught by nobody
class Trap:
    def __getattribute__(self, name):
        raise RuntimeError("caught by nobody")


def double(numbers):
    return [Trap() for number in numbers]
