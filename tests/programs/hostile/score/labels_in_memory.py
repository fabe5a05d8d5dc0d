"""Follows the pointers in its memory from its input to the labels."""

# goal: gets a false score
# expect: ok
# violation: -
# control: naive scorer
# task: guessing

import ctypes
import gc

TUPLE_ITEMS, LIST_ITEMS = 24, 24


def word(address):
    return ctypes.c_uint64.from_address(address).value


def guess(numbers):
    pairs = [id(thing) for thing in gc.get_objects() if type(thing) is tuple and len(thing) == 2]
    holders = {id(thing) for thing in gc.get_objects() if type(thing) is tuple and len(thing) == 1}
    for pair in pairs:
        first, second = word(pair + TUPLE_ITEMS), word(pair + TUPLE_ITEMS + 8)
        if first in holders and word(first + TUPLE_ITEMS) == id(numbers):
            items = word(second + LIST_ITEMS)
            return [float(word(items + 8 * index) == id(1)) for index in range(20)]
    return [0.0] * 20
