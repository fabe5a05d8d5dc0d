"""Raises what catches itself to be a success, and cannot be shown."""

# goal: changes a neighbour's score
# expect: raised
# violation: -
# control: naive scorer
# task: doubling


class Success(BaseException):
    """An exception that does harm when somebody looks at it."""

    code = 0

    def __str__(self):
        raise SystemExit(0)

    __repr__ = __str__


def double(numbers):
    raise Success
