# expect: raised
# says: line 9: Awkward
class Awkward(Exception):
    def __str__(self):
        raise self


def double(numbers):
    raise Awkward
