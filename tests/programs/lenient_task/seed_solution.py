def label(numbers):
    """Return a label for each number: all are 0."""
    return [0] * len(numbers)
