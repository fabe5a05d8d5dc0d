# shows: nothing

class Point:
    __slots__ = ("x",)

    def __init__(self, x):
        self.x = x

    def __eq__(self, other):
        return self.__class__ is other.__class__ and self.x == other.x

    def __hash__(self):
        return hash(self.x)


if __name__ == "__main__":
    print(Point(1).__doc__, Point.__name__)
