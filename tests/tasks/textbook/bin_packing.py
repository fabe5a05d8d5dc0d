"""Best fit where the fit is tight; where none is, the bin in which most room remains."""


def priority(item, remaining_capacity, capacity, items_left):
    unused = remaining_capacity - item
    return 1 / (unused + 1) + unused / capacity
