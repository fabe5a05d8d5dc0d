"""Pack 500 items into bins of capacity 100, one after another, none moved later. Fewer bins are better.

Of the open bins with room for the item, the one with the highest `priority` takes it.
A new bin is opened only when none has room.
"""

import math
import random
from bisect import bisect_left, insort

Answer = list[int]  # for each item, in the order given, the number of its bin


def instances(split: str, rng: random.Random, n: int) -> list[tuple[tuple[list[int], int], tuple[int, int]]]:
    made = []
    for _ in range(n):
        items = [min(100, max(1, round(rng.weibullvariate(45, 3)))) for _ in range(500)]
        worst_fit = len(set(drive(lambda item, room, capacity, left: room, items, 100)))
        lower_bound = math.ceil(sum(items) / 100)  # cannot be reached quite
        made.append(((items, 100), (worst_fit, lower_bound)))  # these score 0 and 1
    return made


def drive(priority, items: list[int], capacity: int) -> Answer:
    answer, opened = [], 0
    rooms, bins = [], {}  # the free space of the open bins, sorted, without repeats; the bins that have it
    for index, item in enumerate(items):
        chosen, best, left = capacity, -math.inf, len(items) - index
        for room in rooms[bisect_left(rooms, item) :]:
            value = priority(item, room, capacity, left)
            if value >= best:  # of equals, the roomiest
                chosen, best = room, value
            elif not value < best:
                raise ValueError("a priority is not a number")
        if chosen == capacity:
            number, opened = opened, opened + 1
        else:
            number = bins[chosen].pop()
            if not bins[chosen]:
                rooms.remove(chosen)
        answer.append(number)
        room = chosen - item
        if room and not bins.setdefault(room, []):
            insort(rooms, room)
        if room:
            bins[room].append(number)
    return answer


def score(arguments: tuple[list[int], int], hidden: tuple[int, int], answer: Answer) -> float:
    (items, capacity), (worst_fit, lower_bound) = arguments, hidden
    if len(answer) != len(items):
        raise ValueError("every item needs one bin")
    loads = dict.fromkeys(answer, 0)
    for item, number in zip(items, answer, strict=True):
        loads[number] += item
    if max(loads.values()) > capacity:
        raise ValueError("a bin holds more than its capacity")
    return max(-1.0, (worst_fit - len(loads)) / (worst_fit - lower_bound))  # how bad a bad rule is tells nothing
